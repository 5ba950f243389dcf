# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""The one door to the package `stripe`: imported late, asked with patience, its errors put plainly."""

import functools
import logging
import re

from odoo.exceptions import UserError

CODE = "paylink_stripe"

# Seconds that one request may take, and how often the package itself repeats it with the same
# idempotency key when no answer comes.
TIMEOUT = 10
RETRIES = 2

UNREADABLE = "An answer that nobody can read"

# Stripe's own where it is empty. No setting: only tests ask somebody else.
BASE_ADDRESSES = {}

# Keys and secrets of Stripe, whatever card number a message might quote, and what opens a payment page.
_SECRETS = re.compile(
    r"\b(?P<kind>(?:sk|rk|pk)_(?:test|live)_|whsec_|cs_(?:test|live)_|\w+_secret_)[\w*-]+"
    r"|\b(?:\d[ -]?){12,19}\b"
)


class StripeFailure(Exception):
    """Stripe did not do what it was asked to.

    :param str message: why, in a sentence without keys and card numbers
    :param bool is_lost: whether nobody knows what became of the request: no answer came
    :param str code: Stripe's code of the error, if it gave one
    :param str param: which value of the request Stripe does not take, if it said so
    :param bool is_declined: whether the card was refused, and so was not charged
    """

    def __init__(self, message, is_lost=False, code=None, param=None, is_declined=False):
        super().__init__(message)
        self.message = message
        self.is_lost = is_lost
        self.code = code
        self.param = param
        self.is_declined = is_declined


class StripeBusy(Exception):
    """Somebody else is applying news about the same payment at this moment."""


def mask(text):
    """Return a text without the secrets of Stripe and without card numbers.

    >>> mask("Invalid API Key provided: sk_test_abc123")
    'Invalid API Key provided: sk_test_…'
    """
    return _SECRETS.sub(lambda match: f"{match['kind'] or ''}…", text or "")


def load(env):
    """Return the package `stripe`; it takes 0.3 s and 35 MB, which only those pay who use it.

    :raise UserError: that tells how to install it
    """
    try:
        import stripe  # pylint: disable=import-outside-toplevel
    except ImportError as error:
        raise UserError(
            env._(
                "The Python package “stripe” is missing on this server. Have it installed with "
                "“pip install stripe==16.1.0” and Odoo restarted."
            )
        ) from error
    # At DEBUG it writes whole requests into the log.
    logging.getLogger("stripe").setLevel(logging.WARNING)
    return stripe


def make_client(env, secret_key):
    """Return a client of the account that a secret key belongs to."""
    stripe = load(env)
    return stripe.StripeClient(
        secret_key,
        http_client=_get_http_client(),
        max_network_retries=RETRIES,
        base_addresses=BASE_ADDRESSES,
    )


@functools.cache
def _get_http_client():
    """Return what keeps the connections of this worker to Stripe open."""
    import stripe  # pylint: disable=import-outside-toplevel

    return stripe.RequestsClient(timeout=TIMEOUT)


def call(env, function, *args):
    """Return what Stripe answers, as a dict.

    :param function: a method of the client, such as ``client.v1.refunds.create``
    :raise StripeFailure: if it does not answer, or refuses
    """
    stripe = load(env)
    try:
        result = function(*args)
    except stripe.StripeError as error:
        # Not "from error": the error carries headers and bodies that no log needs.
        raise _make_failure(stripe, error) from None
    except ValueError:
        raise StripeFailure(UNREADABLE, is_lost=True) from None
    answer = result.to_dict() if isinstance(result, stripe.StripeObject) else {}
    if not answer.get("object"):
        raise StripeFailure(UNREADABLE, is_lost=True)
    return answer


def _make_failure(stripe, error):
    # `APIError` is also an answer that cannot be read; 409: the same request is still being done.
    kinds = (stripe.APIConnectionError, stripe.RateLimitError, stripe.APIError)
    status = error.http_status or 500
    is_lost = isinstance(error, kinds) or status >= 500 or status == 409
    if isinstance(error, stripe.APIConnectionError):
        # What the package says of it are several lines for programmers.
        return StripeFailure("No connection", is_lost)
    return StripeFailure(
        mask(error.user_message or str(error)),
        is_lost,
        error.code,
        param=getattr(error, "param", None),
        is_declined=isinstance(error, stripe.CardError),
    )


def collect(env, function, params):
    """Return all objects of a list of Stripe as dicts, page by page.

    :param function: a method of the client that lists, such as ``client.v1.refunds.list``
    """
    found, params = [], {"limit": 100, **params}
    while True:
        page = call(env, function, params)
        found += page["data"]
        if not page.get("has_more") or not page["data"]:
            return found
        params["starting_after"] = page["data"][-1]["id"]
