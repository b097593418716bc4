"""How Alembic finds the database and the tables."""

import os

from alembic import context
from pgmerit.contrib.sqlalchemy import include_name, include_object
from sqlalchemy import create_engine
from tables import Base

# Without a host, libpq's own variables name the database: PGHOST, PGDATABASE and the like.
url = os.environ.get("DATABASE_URL", "postgresql+psycopg://")

with create_engine(url).connect() as connection:
    context.configure(
        connection,
        target_metadata=Base.metadata,
        include_schemas=True,
        include_name=include_name,
        include_object=include_object,
    )
    with context.begin_transaction():
        context.run_migrations()
