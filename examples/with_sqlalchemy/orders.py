"""Orders in a database. Run it once to have the table: python orders.py"""

from __future__ import annotations

from sqlalchemy import create_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, sessionmaker

Session = sessionmaker(create_engine("sqlite:///shop.db"))


class Base(DeclarativeBase): ...


class Order(Base):
    __tablename__ = "orders"

    id: Mapped[int] = mapped_column(primary_key=True)
    state: Mapped[str] = mapped_column(default="new")

    def ship(self) -> None:
        self.state = "shipped"


if __name__ == "__main__":
    Base.metadata.create_all(Session.kw["bind"])
