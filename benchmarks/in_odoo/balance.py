# Part of paylink_invoice. License LGPL-3 or later (https://www.gnu.org/licenses/lgpl).
"""Two customers with balance links: one with ten invoices, one with ten thousand."""

from odoo.tools import SQL

from . import content

FEW = 10
COPIES = 999  # of each of the few
LINES = 4


def fill(env):
    """Create what the benchmark looks at.

    :return: dict of the paths of the pages: ``few``, ``many`` (all but ten are paid), ``open`` (none
        is paid)
    """
    links = {}
    for name, is_paid in (("few", None), ("many", True), ("open", False)):
        customer = content.create_customer(env, f"Balance {name}").commercial_partner_id
        moves = content.create_invoices(env, customer.browse([customer.id] * FEW), LINES)
        env.flush_all()
        if is_paid is not None:
            _copy(env, moves, is_paid)
        customer.action_paylink_generate()
        links[name] = customer.paylink_balance_link_id._get_path()
    env.cr.commit()
    env.cr.execute("ANALYZE account_move, account_move_line")
    env.invalidate_all()
    return links


def _copy(env, moves, is_paid):
    """Copy invoices in the database itself: to post ten thousand would take an hour."""
    env.cr.execute("DROP TABLE IF EXISTS copies")
    env.cr.execute(
        SQL(
            "CREATE TEMP TABLE copies AS SELECT id AS old, nextval('account_move_id_seq') AS new "
            "FROM account_move, generate_series(1, %s) WHERE id IN %s",
            COPIES,
            tuple(moves.ids),
        )
    )
    changed = {"name": SQL("'COPY/' || copies.new"), "sequence_number": SQL("copies.new")}
    changed["payment_state"] = SQL("'paid'") if is_paid else SQL("source.payment_state")
    _insert(env, "account_move", changed, ("id", "copies.new"), "copies.old = source.id")
    changed = {"full_reconcile_id": SQL("NULL")}
    if is_paid:
        changed["amount_residual"] = changed["amount_residual_currency"] = SQL("0")
        changed["reconciled"] = SQL("source.display_type = 'payment_term'")
    _insert(
        env, "account_move_line", changed, ("move_id", "copies.new"), "copies.old = source.move_id"
    )


def _insert(env, table, changed, key, join):
    """Copy the rows of a table that belong to what is copied, with other values."""
    env.cr.execute(
        SQL(
            "SELECT column_name FROM information_schema.columns WHERE table_name = %s "
            "AND is_generated = 'NEVER' AND column_name NOT IN ('id', 'access_token', %s)",
            table,
            key[0],
        )
    )
    names = [name for (name,) in env.cr.fetchall()]
    values = [changed.get(name, SQL("source.%s", SQL.identifier(name))) for name in names]
    env.cr.execute(
        SQL(
            "INSERT INTO %s (%s) SELECT %s FROM %s source JOIN copies ON %s",
            SQL.identifier(table),
            SQL(", ").join(map(SQL.identifier, [*names, key[0]])),
            SQL(", ").join([*values, SQL(key[1])]),  # pylint: disable=sql-injection
            SQL.identifier(table),
            SQL(join),  # pylint: disable=sql-injection
        )
    )
