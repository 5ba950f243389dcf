# Part of paylink_invoice. License LGPL-3 or later (https://www.gnu.org/licenses/lgpl).
"""What every part of the loader needs: records by name, pictures, progress, and a clock."""

import base64
import datetime
import pathlib
import time

from freezegun import freeze_time

ASSETS = pathlib.Path(__file__).resolve().parent.parent / "assets"
MODULE = "paylink_demo"

# Polling threads and HTTP servers must go on while the clock of the story stands still.
REAL_TIME = [
    "threading",
    "queue",
    "selectors",
    "socketserver",
    "subprocess",
    "werkzeug",
    "urllib3",
    "psycopg2",
]


class Demo:
    """The database being filled.

    Records are remembered as ``paylink_demo.<kind>_<key>`` in ``ir.model.data``, so that a second
    run finds them again.

    :param env: environment of the superuser, as in ``odoo shell``
    """

    def __init__(self, env):
        self.env = env(
            context=dict(
                env.context, mail_auto_subscribe_no_notify=True, mail_create_nosubscribe=True
            )
        )
        self.started = time.monotonic()
        self.now = datetime.datetime.utcnow().replace(microsecond=0)
        self.today = self.now.date()
        self._records = {}

    # === PROGRESS === #

    def step(self, text):
        print(f"STEP {text}", flush=True)

    def commit(self):
        self.env.cr.commit()

    # === RECORDS BY NAME === #

    def remember(self, kind, key, record):
        self._records[kind, key] = record
        self.env["ir.model.data"].create(
            {
                "module": MODULE,
                "name": f"{kind}_{key}",
                "model": record._name,
                "res_id": record.id,
                "noupdate": True,
            }
        )
        return record

    def get(self, kind, key):
        if (kind, key) not in self._records:
            self._records[kind, key] = self.env.ref(f"{MODULE}.{kind}_{key}")
        return self._records[kind, key]

    def has(self, kind, key):
        return bool(self.env.ref(f"{MODULE}.{kind}_{key}", raise_if_not_found=False))

    def get_person(self, customer_key, contact_key):
        """Return a contact of a customer; the customer where the contact's key is empty."""
        if contact_key:
            return self.get("contact", f"{customer_key}_{contact_key}")
        return self.get("customer", customer_key)

    def as_user(self, user_key, company_key):
        """The environment in which that person works; rights are not the demo's subject, so superuser."""
        user = self.get("user", user_key)
        company = self.get("company", company_key)
        context = dict(
            self.env.context, allowed_company_ids=company.ids, lang=user.lang, tz=user.tz
        )
        return self.env(user=user.id, su=True, context=context)

    def state(self, country, code):
        """Return the `res.country.state` of e.g. ``("us", "OR")``, none without a code."""
        domain = [("country_id", "=", self.env.ref(f"base.{country}").id), ("code", "=", code)]
        return (
            self.env["res.country.state"].search(domain, limit=1)
            if code
            else self.env["res.country.state"]
        )

    @staticmethod
    def asset(name):
        return base64.b64encode((ASSETS / name).read_bytes())

    # === CLOCK === #

    def moment(self, days_ago, hour=17.0):
        """:return: UTC datetime ``days_ago`` at ``hour``, never in the future"""
        midnight = datetime.datetime.combine(self.today, datetime.time())
        moment = midnight - datetime.timedelta(days=days_ago) + datetime.timedelta(hours=hour)
        return min(moment, self.now - datetime.timedelta(minutes=2))

    def clock(self):
        """Freeze the time of this process; move it with ``move_to``."""
        return freeze_time(self.moment(365), ignore=REAL_TIME)
