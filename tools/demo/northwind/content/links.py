# Part of paylink_invoice. License LGPL-3 or later (https://www.gnu.org/licenses/lgpl).
"""Which invoices went out as a link, and what their recipients did with them.

Each entry is (days ago, hour of the working day, invoice, what, recipient, options); the recipient is a
contact of the invoice's customer, or ``""`` for the customer.  What may happen:

- ``send``: ``channel`` (``email``, ``sms``, or ``copy`` for a link that was handed over by other means),
  ``by`` whom (default: the accountant);
- ``view``: on which ``device``, ``download`` the PDF too;
- ``ask``: the ``text`` of the question;
- ``pay``: with the demo's provider, a ``tip`` in per cent, another ``amount``;
- ``refund``: the accountant gives an ``amount`` of the payment back;
- ``renew``: the recipient of a dead link asks for a new one;
- ``revoke``: the sender takes it back.
"""

DEVICES = {
    "iphone": "Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.6 Mobile/15E148 Safari/604.1",
    "android": "Mozilla/5.0 (Linux; Android 15; Pixel 8) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Mobile Safari/537.36",
    "desk": "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36",
    "mac": "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.6 Safari/605.1.15",
    "firefox": "Mozilla/5.0 (X11; Linux x86_64; rv:142.0) Gecko/20100101 Firefox/142.0",
}

STORY = [
    # Months ago: handed over in a messenger, seen, paid by bank transfer (see ``pay`` of the invoice).
    (84, 1, "h10", "send", "gwen", {"channel": "copy"}),
    (83, 0, "h10", "view", "gwen", {"device": "iphone"}),
    (55, 2, "h15", "send", "ines", {"channel": "copy"}),
    (54, 5, "h15", "view", "ines", {"device": "android"}),
    (48, 1, "h16", "send", "", {"channel": "copy"}),
    (48, 3, "h16", "view", "", {"device": "iphone"}),
    (44, 2, "h17", "send", "june", {"channel": "copy"}),
    (43, 1, "h17", "view", "june", {"device": "iphone"}),
    (73, 1, "f04", "send", "julie", {"channel": "copy"}),
    (72, 3, "f04", "view", "julie", {"device": "android"}),
    # Expired and unpaid: one was seen, one was not.
    (46, 2, "h19", "send", "walter", {"channel": "copy"}),
    (45, 1, "h19", "view", "walter", {"device": "desk"}),
    (37, 2, "clinique_overdue", "send", "julie", {"channel": "copy"}),
    (39, 2, "cascade_overdue", "send", "tess", {"channel": "email"}),
    (38, 1, "cascade_overdue", "view", "tess", {"device": "desk"}),
    # A dead link whose recipient asked for a new one.
    (34, 2, "h18", "send", "", {"channel": "copy"}),
    (2, 4, "h18", "renew", "", {"device": "iphone"}),
    # In instalments: the first part was paid by bank transfer, a new link was sent for the second.
    (18, 2, "harborlight_instalments", "send", "june", {"channel": "email"}),
    (18, 5, "harborlight_instalments", "view", "june", {"device": "iphone"}),
    (3, 1, "harborlight_instalments", "send", "june", {"channel": "copy", "by": "sam"}),
    (2, 3, "harborlight_instalments", "view", "june", {"device": "iphone"}),
    # Seen, downloaded, questioned.
    (9, 1, "kestrel_sixty", "send", "ines", {"channel": "email", "by": "sam"}),
    (8, 0, "kestrel_sixty", "view", "ines", {"device": "desk", "download": True}),
    (
        7,
        2,
        "kestrel_sixty",
        "ask",
        "ines",
        {
            "device": "desk",
            "text": "Hello, our gate log for Depot 3 shows two hours on site, the invoice says three. Could you check before I release it? Thanks, Inés",
        },
    ),
    # Paid on the link.
    (11, 2, "bluebird_paid", "send", "rosa", {"channel": "copy"}),
    (11, 4, "bluebird_paid", "view", "rosa", {"device": "iphone"}),
    (10, 1, "bluebird_paid", "pay", "rosa", {"device": "iphone", "tip": "18"}),
    (5, 2, "whitcombe_paid", "send", "", {"channel": "sms"}),
    (5, 3, "whitcombe_paid", "pay", "", {"device": "android", "tip": "20"}),
    (3, 2, "whitcombe_paid", "refund", "", {"amount": 40.0}),
    (8, 1, "weinstube_due", "send", "petra", {"channel": "copy"}),
    (7, 2, "weinstube_due", "view", "petra", {"device": "android"}),
    # Sent and not seen yet, seen and not paid yet, in every language.
    (12, 1, "anand_partial", "send", "", {"channel": "sms", "by": "sam"}),
    (11, 5, "anand_partial", "view", "", {"device": "iphone"}),
    (10, 2, "hotelparc_instalments", "send", "antoine", {"channel": "copy"}),
    (9, 4, "hotelparc_instalments", "view", "antoine", {"device": "iphone"}),
    (6, 1, "theatre_due", "send", "walter", {"channel": "copy"}),
    (6, 1, "fernfinch_due", "send", "gwen", {"channel": "copy", "by": "sam"}),
    (5, 3, "fernfinch_due", "view", "gwen", {"device": "iphone"}),
    (2, 1, "fernfinch_due", "view", "gwen", {"device": "iphone"}),
    (5, 2, "bergmann_eur", "send", "sabine", {"channel": "email"}),
    (4, -7, "bergmann_eur", "view", "sabine", {"device": "firefox"}),
    (5, 1, "diyafa_kwd", "send", "layla", {"channel": "email"}),
    (4, -6, "diyafa_kwd", "view", "layla", {"device": "iphone"}),
    (4, 2, "laurelhurst_early", "send", "beth", {"channel": "copy"}),
    (3, 1, "laurelhurst_early", "view", "beth", {"device": "desk"}),
    (3, 1, "fournil_due", "send", "karim", {"channel": "copy"}),
    (2, 1, "terrasses_due", "send", "camille", {"channel": "email"}),
    # Taken back: the message went to an old number.
    (3, 2, "h20", "send", "", {"channel": "sms"}),
    (3, 3, "h20", "revoke", "", {}),
    # The one to look at first.
    (2, 0, "riverstone_due", "send", "dan", {"channel": "copy", "by": "sam"}),
    (2, 2, "riverstone_due", "view", "dan", {"device": "android"}),
    (1, 1, "riverstone_due", "view", "dan", {"device": "desk"}),
    (1, 2, "riverstone_due", "send", "alice", {"channel": "email"}),
]

# invoice, recipient, what the line says; the first is the READY-LINK
SHOW = [
    ("riverstone_due", "alice", "due in six days"),
    ("terrasses_due", "camille", "French, EUR, two rates of VAT"),
    ("diyafa_kwd", "layla", "Arabic, right to left, KWD with three decimals"),
    ("bergmann_eur", "sabine", "German, early-payment discount"),
    ("harborlight_instalments", "june", "in instalments, the first is paid"),
    ("laurelhurst_early", "beth", "early-payment discount still open"),
    ("kestrel_sixty", "ines", "sixty lines"),
    ("theatre_due", "walter", "a long customer name"),
    ("bluebird_paid", "rosa", "paid"),
    ("cascade_overdue", "tess", "expired"),
    ("h20", "", "revoked"),
]
