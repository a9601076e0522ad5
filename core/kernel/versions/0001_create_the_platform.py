"""Create the platform."""

import sqlalchemy as sa
from alembic import op

revision = "system_0001"
down_revision = None


def upgrade() -> None:
    op.create_table(
        "system_department",
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("tree", sa.String(length=50), nullable=False),
        sa.Column("parent_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["parent_id"], ["system_department.id"], name=op.f("fk_system_department_parent_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_system_department")),
    )
    with op.batch_alter_table("system_department") as batch_op:
        batch_op.create_index(batch_op.f("ix_system_department_parent_id"), ["parent_id"], unique=False)
        batch_op.create_index("ix_system_department_tree", ["tree", "position"], unique=False)

    op.create_table(
        "system_generation",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("access", sa.Integer(), nullable=False),
        sa.Column("plugins", sa.Integer(), nullable=False),
        sa.CheckConstraint("id = 1", name=op.f("ck_system_generation_single")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_system_generation")),
    )
    op.create_table(
        "system_group",
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_system_group")),
    )
    with op.batch_alter_table("system_group") as batch_op:
        batch_op.create_index(
            "uq_system_group_name",
            ["name"],
            unique=True,
            sqlite_where=sa.text("deleted_at IS NULL"),
            postgresql_where=sa.text("deleted_at IS NULL"),
        )

    op.create_table(
        "system_idempotency",
        sa.Column("user_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.Column("key", sa.String(length=200), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("status", sa.Integer(), nullable=True),
        sa.Column("location", sa.Text(), nullable=False),
        sa.Column("etag", sa.String(length=100), nullable=False),
        sa.Column("content_type", sa.String(length=100), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("user_id", "key", name=op.f("pk_system_idempotency")),
    )
    with op.batch_alter_table("system_idempotency") as batch_op:
        batch_op.create_index("ix_system_idempotency_at", ["at"], unique=False)

    op.create_table(
        "system_outbox",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("channel", sa.String(length=50), nullable=False),
        sa.Column("payload", sa.JSON(), nullable=False),
        sa.Column("dedupe_id", sa.String(length=100), nullable=False),
        sa.Column("stream", sa.String(length=200), nullable=True),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("worker", sa.String(length=100), nullable=True),
        sa.Column("error", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_system_outbox")),
        sa.UniqueConstraint("dedupe_id", name=op.f("uq_system_outbox_dedupe_id")),
    )
    with op.batch_alter_table("system_outbox") as batch_op:
        batch_op.create_index(
            "ix_system_outbox_due_at",
            ["due_at"],
            unique=False,
            sqlite_where=sa.text("due_at IS NOT NULL"),
            postgresql_where=sa.text("due_at IS NOT NULL"),
        )
        batch_op.create_index(
            "ix_system_outbox_stream",
            ["stream", "id"],
            unique=False,
            sqlite_where=sa.text("due_at IS NOT NULL"),
            postgresql_where=sa.text("due_at IS NOT NULL"),
        )

    op.create_table(
        "system_ownership",
        sa.Column("plugin", sa.String(length=24), nullable=False),
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.PrimaryKeyConstraint("plugin", "kind", "name", name=op.f("pk_system_ownership")),
    )
    op.create_table(
        "system_plugin",
        sa.Column("name", sa.String(length=24), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("chosen", sa.Boolean(), nullable=False),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("version", sa.String(length=60), nullable=False),
        sa.Column("requires", sa.JSON(), nullable=False),
        sa.Column("automatic", sa.Boolean(), nullable=False),
        sa.Column("reason", sa.String(length=2000), nullable=False),
        sa.Column("archive", sa.String(length=255), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_system_plugin")),
    )
    op.create_table(
        "system_role",
        sa.Column("key", sa.String(length=50), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_system_role")),
    )
    with op.batch_alter_table("system_role") as batch_op:
        batch_op.create_index(
            "uq_system_role_key",
            ["key"],
            unique=True,
            sqlite_where=sa.text("deleted_at IS NULL"),
            postgresql_where=sa.text("deleted_at IS NULL"),
        )
        batch_op.create_index(
            "uq_system_role_name",
            ["name"],
            unique=True,
            sqlite_where=sa.text("deleted_at IS NULL"),
            postgresql_where=sa.text("deleted_at IS NULL"),
        )

    op.create_table(
        "system_schedule",
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("cron", sa.String(length=100), nullable=False),
        sa.Column("next_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_system_schedule")),
    )
    op.create_table(
        "system_sign_in_try",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("pair", sa.String(length=64), nullable=False),
        sa.Column("address", sa.String(length=64), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_system_sign_in_try")),
    )
    with op.batch_alter_table("system_sign_in_try") as batch_op:
        batch_op.create_index("ix_system_sign_in_try_address", ["address", "at"], unique=False)
        batch_op.create_index("ix_system_sign_in_try_pair", ["pair", "at"], unique=False)

    op.create_table(
        "system_user",
        sa.Column("login", sa.String(length=100), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("email", sa.String(length=254), nullable=True),
        sa.Column("phone", sa.String(length=50), nullable=True),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("manager_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("locale", sa.String(length=20), nullable=True),
        sa.Column("timezone", sa.String(length=64), nullable=True),
        sa.Column("theme", sa.String(length=50), nullable=True),
        sa.Column("density", sa.String(length=20), nullable=True),
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["manager_id"], ["system_user.id"], name=op.f("fk_system_user_manager_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_system_user")),
    )
    with op.batch_alter_table("system_user") as batch_op:
        batch_op.create_index(batch_op.f("ix_system_user_manager_id"), ["manager_id"], unique=False)
        batch_op.create_index(
            "uq_system_user_login",
            ["login"],
            unique=True,
            sqlite_where=sa.text("deleted_at IS NULL"),
            postgresql_where=sa.text("deleted_at IS NULL"),
        )

    op.create_table(
        "system_credential",
        sa.Column("user_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("password_hash", sa.String(length=255), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["user_id"], ["system_user.id"], name=op.f("fk_system_credential_user_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("user_id", name=op.f("pk_system_credential")),
    )
    op.create_table(
        "system_field_grant",
        sa.Column("role_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("resource", sa.String(length=100), nullable=False),
        sa.Column("field", sa.String(length=100), nullable=False),
        sa.Column("access", sa.String(length=20), nullable=False),
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("access IN ('hidden', 'read', 'write')", name=op.f("ck_system_field_grant_access")),
        sa.ForeignKeyConstraint(
            ["role_id"], ["system_role.id"], name=op.f("fk_system_field_grant_role_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_system_field_grant")),
    )
    with op.batch_alter_table("system_field_grant") as batch_op:
        batch_op.create_index(batch_op.f("ix_system_field_grant_role_id"), ["role_id"], unique=False)
        batch_op.create_index(
            "uq_system_field_grant_role_id_resource_field",
            ["role_id", "resource", "field"],
            unique=True,
            sqlite_where=sa.text("deleted_at IS NULL"),
            postgresql_where=sa.text("deleted_at IS NULL"),
        )

    op.create_table(
        "system_grant",
        sa.Column("role_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("resource", sa.String(length=100), nullable=False),
        sa.Column("action", sa.String(length=50), nullable=False),
        sa.Column("scope", sa.String(length=20), nullable=False),
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "scope IN ('none', 'own', 'department', 'branch', 'all')", name=op.f("ck_system_grant_scope")
        ),
        sa.ForeignKeyConstraint(
            ["role_id"], ["system_role.id"], name=op.f("fk_system_grant_role_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_system_grant")),
    )
    with op.batch_alter_table("system_grant") as batch_op:
        batch_op.create_index(batch_op.f("ix_system_grant_role_id"), ["role_id"], unique=False)
        batch_op.create_index(
            "uq_system_grant_role_id_resource_action",
            ["role_id", "resource", "action"],
            unique=True,
            sqlite_where=sa.text("deleted_at IS NULL"),
            postgresql_where=sa.text("deleted_at IS NULL"),
        )

    op.create_table(
        "system_group_member",
        sa.Column("group_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("user_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["group_id"], ["system_group.id"], name=op.f("fk_system_group_member_group_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["system_user.id"], name=op.f("fk_system_group_member_user_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_system_group_member")),
    )
    with op.batch_alter_table("system_group_member") as batch_op:
        batch_op.create_index(batch_op.f("ix_system_group_member_group_id"), ["group_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_system_group_member_user_id"), ["user_id"], unique=False)
        batch_op.create_index(
            "uq_system_group_member_group_id_user_id",
            ["group_id", "user_id"],
            unique=True,
            sqlite_where=sa.text("deleted_at IS NULL"),
            postgresql_where=sa.text("deleted_at IS NULL"),
        )

    op.create_table(
        "system_group_role",
        sa.Column("group_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("role_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("department_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["department_id"],
            ["system_department.id"],
            name=op.f("fk_system_group_role_department_id"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["group_id"], ["system_group.id"], name=op.f("fk_system_group_role_group_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["role_id"], ["system_role.id"], name=op.f("fk_system_group_role_role_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_system_group_role")),
    )
    with op.batch_alter_table("system_group_role") as batch_op:
        batch_op.create_index(batch_op.f("ix_system_group_role_department_id"), ["department_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_system_group_role_group_id"), ["group_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_system_group_role_role_id"), ["role_id"], unique=False)
        batch_op.create_index(
            "uq_system_group_role_department_id",
            ["group_id", "role_id", "department_id"],
            unique=True,
            sqlite_where=sa.text("deleted_at IS NULL"),
            postgresql_where=sa.text("deleted_at IS NULL"),
        )
        batch_op.create_index(
            "uq_system_group_role_group_id_role_id",
            ["group_id", "role_id"],
            unique=True,
            sqlite_where=sa.text("deleted_at IS NULL AND department_id IS NULL"),
            postgresql_where=sa.text("deleted_at IS NULL AND department_id IS NULL"),
        )

    op.create_table(
        "system_history",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("operation", sa.String(length=32), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("origin", sa.String(length=20), nullable=False),
        sa.Column("resource", sa.String(length=80), nullable=False),
        sa.Column("record_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("action", sa.String(length=40), nullable=False),
        sa.Column("before", sa.JSON(), nullable=False),
        sa.Column("after", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(
            ["actor_id"], ["system_user.id"], name=op.f("fk_system_history_actor_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_system_history")),
    )
    with op.batch_alter_table("system_history") as batch_op:
        batch_op.create_index(batch_op.f("ix_system_history_actor_id"), ["actor_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_system_history_at"), ["at"], unique=False)
        batch_op.create_index(batch_op.f("ix_system_history_operation"), ["operation"], unique=False)
        batch_op.create_index("ix_system_history_record", ["resource", "record_id", "id"], unique=False)

    op.create_table(
        "system_job",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("payload", sa.JSON(), nullable=False),
        sa.Column("unique_key", sa.String(length=200), nullable=True),
        sa.Column("user_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("why", sa.String(length=200), nullable=True),
        sa.Column("priority", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("worker", sa.String(length=100), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("most_attempts", sa.Integer(), nullable=False),
        sa.Column("done", sa.Integer(), nullable=False),
        sa.Column("total", sa.Integer(), nullable=True),
        sa.Column("message", sa.Text(), nullable=False),
        sa.Column("result", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("error", sa.Text(), nullable=False),
        sa.Column("trace", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("(user_id IS NULL) <> (why IS NULL)", name=op.f("ck_system_job_for_somebody")),
        sa.ForeignKeyConstraint(
            ["user_id"], ["system_user.id"], name=op.f("fk_system_job_user_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_system_job")),
    )
    with op.batch_alter_table("system_job") as batch_op:
        batch_op.create_index(
            "ix_system_job_due_at",
            ["due_at"],
            unique=False,
            sqlite_where=sa.text("due_at IS NOT NULL"),
            postgresql_where=sa.text("due_at IS NOT NULL"),
        )
        batch_op.create_index(batch_op.f("ix_system_job_user_id"), ["user_id"], unique=False)
        batch_op.create_index(
            "uq_system_job_unique_key",
            ["unique_key"],
            unique=True,
            sqlite_where=sa.text("due_at IS NOT NULL"),
            postgresql_where=sa.text("due_at IS NOT NULL"),
        )

    op.create_table(
        "system_membership",
        sa.Column("user_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("department_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("title", sa.String(length=100), nullable=True),
        sa.Column("head", sa.Boolean(), nullable=False),
        sa.Column("deputy", sa.Boolean(), nullable=False),
        sa.Column("primary", sa.Boolean(), nullable=False),
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["department_id"],
            ["system_department.id"],
            name=op.f("fk_system_membership_department_id"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["system_user.id"], name=op.f("fk_system_membership_user_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_system_membership")),
    )
    with op.batch_alter_table("system_membership") as batch_op:
        batch_op.create_index(batch_op.f("ix_system_membership_department_id"), ["department_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_system_membership_user_id"), ["user_id"], unique=False)
        batch_op.create_index(
            "uq_system_membership_user_id",
            ["user_id"],
            unique=True,
            sqlite_where=sa.text('deleted_at IS NULL AND "primary"'),
            postgresql_where=sa.text('deleted_at IS NULL AND "primary"'),
        )
        batch_op.create_index(
            "uq_system_membership_user_id_department_id",
            ["user_id", "department_id"],
            unique=True,
            sqlite_where=sa.text("deleted_at IS NULL"),
            postgresql_where=sa.text("deleted_at IS NULL"),
        )

    op.create_table(
        "system_session",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("user_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("user_agent", sa.String(length=300), nullable=False),
        sa.Column("address", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(
            ["user_id"], ["system_user.id"], name=op.f("fk_system_session_user_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_system_session")),
    )
    with op.batch_alter_table("system_session") as batch_op:
        batch_op.create_index("ix_system_session_expires_at", ["expires_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_system_session_user_id"), ["user_id"], unique=False)
        batch_op.create_index("uq_system_session_token_hash", ["token_hash"], unique=True)

    op.create_table(
        "system_share",
        sa.Column("resource", sa.String(length=100), nullable=False),
        sa.Column("record_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("user_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("department_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("group_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("write", sa.Boolean(), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "(CASE WHEN user_id IS NULL THEN 0 ELSE 1 END) + (CASE WHEN department_id IS NULL THEN 0 ELSE 1 END) + (CASE WHEN group_id IS NULL THEN 0 ELSE 1 END) = 1",
            name=op.f("ck_system_share_one_receiver"),
        ),
        sa.ForeignKeyConstraint(
            ["department_id"], ["system_department.id"], name=op.f("fk_system_share_department_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["group_id"], ["system_group.id"], name=op.f("fk_system_share_group_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["system_user.id"], name=op.f("fk_system_share_user_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_system_share")),
    )
    with op.batch_alter_table("system_share") as batch_op:
        batch_op.create_index(batch_op.f("ix_system_share_department_id"), ["department_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_system_share_group_id"), ["group_id"], unique=False)
        batch_op.create_index("ix_system_share_resource_record_id", ["resource", "record_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_system_share_user_id"), ["user_id"], unique=False)

    op.create_table(
        "system_token",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("user_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("read_only", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["user_id"], ["system_user.id"], name=op.f("fk_system_token_user_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_system_token")),
    )
    with op.batch_alter_table("system_token") as batch_op:
        batch_op.create_index(batch_op.f("ix_system_token_user_id"), ["user_id"], unique=False)
        batch_op.create_index("uq_system_token_token_hash", ["token_hash"], unique=True)

    op.create_table(
        "system_user_role",
        sa.Column("user_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("role_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("department_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["department_id"],
            ["system_department.id"],
            name=op.f("fk_system_user_role_department_id"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["role_id"], ["system_role.id"], name=op.f("fk_system_user_role_role_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["system_user.id"], name=op.f("fk_system_user_role_user_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_system_user_role")),
    )
    with op.batch_alter_table("system_user_role") as batch_op:
        batch_op.create_index(batch_op.f("ix_system_user_role_department_id"), ["department_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_system_user_role_role_id"), ["role_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_system_user_role_user_id"), ["user_id"], unique=False)
        batch_op.create_index(
            "uq_system_user_role_department_id",
            ["user_id", "role_id", "department_id"],
            unique=True,
            sqlite_where=sa.text("deleted_at IS NULL"),
            postgresql_where=sa.text("deleted_at IS NULL"),
        )
        batch_op.create_index(
            "uq_system_user_role_user_id_role_id",
            ["user_id", "role_id"],
            unique=True,
            sqlite_where=sa.text("deleted_at IS NULL AND department_id IS NULL"),
            postgresql_where=sa.text("deleted_at IS NULL AND department_id IS NULL"),
        )


def downgrade() -> None:
    op.drop_table("system_user_role")
    op.drop_table("system_token")
    op.drop_table("system_share")
    op.drop_table("system_session")
    op.drop_table("system_membership")
    op.drop_table("system_job")
    op.drop_table("system_history")
    op.drop_table("system_group_role")
    op.drop_table("system_group_member")
    op.drop_table("system_grant")
    op.drop_table("system_field_grant")
    op.drop_table("system_credential")
    op.drop_table("system_user")
    op.drop_table("system_sign_in_try")
    op.drop_table("system_schedule")
    op.drop_table("system_role")
    op.drop_table("system_plugin")
    op.drop_table("system_ownership")
    op.drop_table("system_outbox")
    op.drop_table("system_idempotency")
    op.drop_table("system_group")
    op.drop_table("system_generation")
    op.drop_table("system_department")
