# Part of paylink_invoice. License LGPL-3 or later (https://www.gnu.org/licenses/lgpl).
"""Everything that happened, told in the order in which it happened.

Odoo's chatter and numbering follow the order of writing, and most dates are "now": so the clock of
this process is set to each event's time before the event is written.
"""

from . import documents
from .content.invoices import INVOICES

FRENCH_HOURS, AMERICAN_HOURS = 8.0, 17.0  # nine in the morning there, in UTC


def get_morning(data):
    """Return the hour, UTC, at which the accountant of an invoice or a customer begins to work."""
    return FRENCH_HOURS if documents.author_key(data) == "elodie" else AMERICAN_HOURS


def invoice_events(demo):
    """:return: list of (UTC datetime, function) for every invoice, comment and payment"""
    events = []
    for number, data in enumerate(INVOICES):
        morning = get_morning(data) + number * 0.01

        def at(days, hour, function, *args, data=data, morning=morning):
            events.append((demo.moment(days, morning + hour), lambda: function(demo, data, *args)))

        at(data["days"], 0, documents.create_invoice)
        for place, (days, author, text, options) in enumerate(data.get("comments", [])):
            at(days, 1 + 0.2 * place, documents.post_comment, author, text, options)
        for days, amount in data.get("pay", []):
            at(days, 2, documents.register_payment, days, amount)
        if "credit" in data:
            at(data["credit"][0], 2, documents.credit_invoice)
        if data.get("state") == "cancel":
            at(data["days"], 2, documents.cancel_invoice)
    return events


def play(demo, events, progress=20):
    """Run the events in order of time, each at its own time."""
    with demo.clock() as clock:
        for number, (moment, function) in enumerate(
            sorted(events, key=lambda event: event[0]), start=1
        ):
            clock.move_to(moment)
            function()
            if number % progress == 0:
                demo.commit()
    demo.commit()
