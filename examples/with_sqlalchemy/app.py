"""The application: what is mapped on `Base` may be an argument of jobs."""

from samovar import App
from samovar.contrib.sqlalchemy import register_models

from orders import Base, Session

app = App()
register_models(Base, session=Session)
