# Part of paylink_invoice. License LGPL-3 or later (https://www.gnu.org/licenses/lgpl).
"""Who has a balance link, and what they did with it; and who is reminded of what they owe.

Each entry is (days ago, hour of the working day, customer, what, options). What may happen:

- ``generate``: the accountant makes the link and copies it;
- ``send``: by mail, to the contact ``to``, or to whom the dialog proposes;
- ``view``: on which ``device``;
- ``advance``: money that came by bank before any invoice, an ``amount`` in the company's currency;
- ``agree``: the customer ticks reminders by text, on the page.
"""

BALANCES = [
    (30, 1, "riverstone", "generate", {}),
    (12, 1, "riverstone", "send", {}),
    (12, 3, "riverstone", "view", {"device": "desk"}),
    (1, 3, "riverstone", "view", {"device": "iphone"}),
    (20, 1, "bluebird", "generate", {}),
    (9, 2, "bluebird", "view", {"device": "iphone"}),
    (15, 1, "dubois", "advance", {"amount": 150.0}),
    (14, 1, "dubois", "generate", {}),
    (14, 2, "dubois", "view", {"device": "android"}),
    (16, 1, "cascade", "generate", {}),
    (2, 3, "cascade", "send", {}),
    (11, 5.1, "anand", "generate", {}),
    (11, 5.2, "anand", "agree", {}),
]

# Rules that come with the addon, switched off, and are on here.
REMINDERS = ["before", "after", "after_text"]
# On these days, so many ago, the reminders' job ran in the story; from today on it runs by itself.
REMINDER_DAYS = (1,)

# customer, what the line says
SHOW_BALANCES = [
    ("cascade", "balance: several invoices, one overdue"),
    ("riverstone", "balance: several invoices, none overdue"),
    ("bluebird", "balance: nothing due"),
    ("dubois", "balance: a credit, in French"),
]
