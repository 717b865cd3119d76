"""SQLAlchemy: mapped classes travel as global ids, and jobs may wait for the commit.

register_models(Base, session=Session)
"""

from samovar.contrib.sqlalchemy.records import register_models
from samovar.contrib.sqlalchemy.transactions import watch_sessions

__all__ = ["register_models", "watch_sessions"]
