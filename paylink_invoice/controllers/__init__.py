# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from . import (
    activity,
    balance,
    consent,
    gate,
    page,
    payment,
    portal,
    preview,
    quote,
    renewal,
    report,
)
