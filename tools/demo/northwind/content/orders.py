# Part of paylink_invoice. License LGPL-3 or later (https://www.gnu.org/licenses/lgpl).
"""Sam's orders: one that waits for its invoice, one that went out as a link, one that is an offer yet.

A line is (product, quantity). ``confirm`` and ``send`` are days ago; ``send`` makes and posts the invoice,
and sends its link to that contact (``""``: the customer) by the dialog of orders.
"""

ORDERS = [
    {
        "key": "lobby",
        "customer": "riverstone",
        "days": 6,
        "confirm": 5,
        "lines": [("minisplit", 1), ("commissioning", 1), ("labor", 6)],
        "ref": "PO 4502",
    },
    {
        "key": "surgery",
        "customer": "cascade",
        "days": 9,
        "confirm": 8,
        "send": (4, "tess"),
        "lines": [("filterplan", 4), ("thermostat", 3), ("labor", 2)],
    },
    {
        "key": "taproom",
        "customer": "harborlight",
        "days": 1,
        "lines": [("heatpump", 1), ("tank", 1), ("commissioning", 1)],
    },
]
