# Part of paylink_invoice. License LGPL-3 or later (https://www.gnu.org/licenses/lgpl).
"""A token that nobody made, against a route that does nothing."""

import time
from contextlib import closing

from .clock import Visitor, take_turns
from .compare import compare
from .table import Row, median

TITLE = "A forged token beside an empty route"
ATTEMPTS = 200
# A backend reports its counters after a transaction, but no more often than once a second.
REPORTING_SECONDS = 1.5


def run(bench):
    """Time forged tokens and prove that they reach no table of ours."""
    stand, genuine = bench.quiet, bench.content["few"]["ours"]
    visits = {
        "forged": ([_forge(genuine)], 404),
        "garbage": (["/paylink/" + "x" * 12], 404),
        "empty": (["/paylink_bench/empty"], 200),
        "empty without session": (["/paylink_bench/empty_no_session"], 200),
    }
    samples = take_turns(stand, visits, bench.rounds(200), warm_up=20)
    strict = compare(
        "forged, beside an empty route that keeps no session",
        samples["forged"],
        samples["empty without session"],
        None,
    )
    queries = {name: median([s.queries[0] for s in found]) for name, found in samples.items()}
    return [
        *compare("forged, all 35 letters", samples["forged"], samples["empty"], 1.3),
        *compare("garbage, 12 letters", samples["garbage"], samples["empty"], 1.3),
        *strict,
        Row(
            "queries more than the empty route",
            queries["forged"] - queries["empty"],
            limit=0,
            note=f"{queries['forged']:.0f} against {queries['empty']:.0f}",
        ),
        *_table_rows(stand, genuine),
    ]


def _forge(path):
    """Return the path with another last letter: all is right but the signature."""
    return path[:-1] + ("A" if path[-1] != "A" else "B")


def _table_rows(stand, genuine):
    visitor = Visitor(stand.url)
    started = _count_scans(stand)
    for number in range(ATTEMPTS):
        visitor.visit([_forge(genuine) if number % 2 else f"/paylink/{number:035d}"], 404)
    forged = _count_scans(stand) - started
    visitor.visit([genuine])
    control = _count_scans(stand) - started - forged
    return [
        Row(f"reads of our tables in {ATTEMPTS} forged requests", forged, limit=0),
        Row(
            "the same in 1 genuine request",
            control,
            limit=1,
            at_least=True,
            note="proves that the line above can count",
        ),
    ]


def _count_scans(stand):
    """Return how often PostgreSQL has read any table of ours, by index or in full."""
    time.sleep(REPORTING_SECONDS)
    # The worker reports when its next transaction ends.
    Visitor(stand.url).visit(["/paylink_bench/empty"])
    time.sleep(0.3)
    with closing(stand.connect()) as connection, connection.cursor() as cursor:
        cursor.execute(
            "SELECT sum(coalesce(seq_scan, 0) + coalesce(idx_scan, 0)) FROM pg_stat_user_tables"
            r" WHERE relname LIKE 'paylink\_%'"
        )
        return int(cursor.fetchone()[0])
