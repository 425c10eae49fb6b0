"""Alembic's entry: it writes the revisions out as SQL, which storage.schema runs on our own driver."""

from alembic import context

context.configure(dialect_name="postgresql", output_buffer=context.config.output_buffer)
with context.begin_transaction():
    context.run_migrations()
