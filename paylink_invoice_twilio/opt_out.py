# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""What an answer to a text message means.  Plain Python, no Odoo."""

import re
import unicodedata

# As a whole message these mean stop: what Twilio, carriers and customers of many countries use.
STOP_WORDS = frozenset(
    (
        *(
            "stop",
            "stopall",
            "stop all",
            "unsubscribe",
            "cancel",
            "end",
            "quit",
            "revoke",
            "optout",
        ),
        *("opt out", "no more", "remove me", "arret", "arreter", "desabonner", "desinscription"),
        *(
            "stopp",
            "abmelden",
            "abbestellen",
            "ende",
            "beenden",
            "alto",
            "baja",
            "parar",
            "detener",
        ),
        *("cancelar", "basta", "annulla", "afmelden", "توقف", "ايقاف", "الغاء", "قف"),
    )
)
# With these a longer message begins that means the same; that a visit is stopped by mistake is
# worse than a reminder less.
STOP_BEGINNINGS = ("stop", "stopp", "unsubscribe", "arret", "baja", "abmelden", "توقف", "ايقاف")
START_WORDS = frozenset(("start", "unstop"))


def normalize(text):
    """Return a text in small letters without accents, signs and spaces around."""
    decomposed = unicodedata.normalize("NFKD", (text or "").casefold())
    plain = "".join(letter for letter in decomposed if not unicodedata.combining(letter))
    return " ".join(re.sub(r"[^\w\s]", " ", plain).split())


def is_stop(text):
    """Tell whether whoever wrote this wants no more text messages."""
    plain = normalize(text)
    return plain in STOP_WORDS or plain.split(" ")[0] in STOP_BEGINNINGS


def is_start(text):
    """Tell whether whoever wrote this wants the gateway to deliver texts again."""
    return normalize(text) in START_WORDS
