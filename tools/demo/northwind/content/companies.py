# Part of paylink_invoice. License LGPL-3 or later (https://www.gnu.org/licenses/lgpl).
"""The two companies of the demo, their bank, taxes, terms and the people who work there."""

LANGUAGES = ["fr_FR", "de_DE", "ar_001"]

# What customers read comes from these.
CUSTOMER_MODULES = {
    "base",
    "account",
    "account_payment",
    "mail",
    "payment",
    "payment_demo",
    "portal",
    "product",
    "sale",
    "uom",
}

# Odoo's own voice, which tells colleagues that a customer has looked.
ROBOT_EMAIL = "notifications@northwind-heating.example"

# Units of the currency for one US dollar, newest first: (days ago, rate).
RATES = {
    "EUR": [(0, 0.8610), (30, 0.8655), (60, 0.8588), (120, 0.8712), (240, 0.8840), (400, 0.9020)],
    "JPY": [(0, 151.40), (30, 152.75), (60, 149.90), (120, 147.30), (240, 149.10), (400, 146.20)],
    "KWD": [(0, 0.3068), (60, 0.3061), (120, 0.3074), (400, 0.3080)],
}

COMPANIES = {
    "us": {
        "values": {
            "name": "Northwind Heating",
            "street": "1180 NW Naito Parkway",
            "street2": "Suite 4",
            "city": "Portland",
            "zip": "97209",
            "phone": "+1 503-555-0100",
            "email": "billing@northwind-heating.example",
            "website": "https://www.northwind-heating.example",
            "vat": "93-1284507",
            "company_registry": "CCB 218844",
            "primary_color": "#0f5c4d",
            "secondary_color": "#c2571a",
            "font": "Lato",
            "report_header": "Heat pumps, boilers and clean air since 1987",
            "company_details": "<p><b>Northwind Heating</b><br>1180 NW Naito Parkway, Suite 4<br>Portland, OR 97209<br>United States</p>",
            "report_footer": "<p>+1 503-555-0100 · billing@northwind-heating.example · www.northwind-heating.example<br>EIN 93-1284507 · Oregon CCB 218844</p>",
            "invoice_terms": "<p>Parts carry a 2-year warranty, labor 90 days. Questions about an invoice? Call +1 503-555-0114, Monday to Friday, 8 to 5.</p>",
        },
        "translations": {
            "report_header": {
                "en_US": "Heat pumps, boilers and clean air since 1987",
                "fr_FR": "Pompes à chaleur, chaudières et air sain depuis 1987",
                "de_DE": "Wärmepumpen, Kessel und gute Luft seit 1987",
                "ar_001": "مضخات حرارية وغلايات وهواء نقي منذ 1987",
            },
            "invoice_terms": {
                "en_US": "Parts carry a 2-year warranty, labor 90 days. Questions about an invoice? Call +1 503-555-0114, Monday to Friday, 8 to 5.",
                "fr_FR": "Pièces garanties 2 ans, main-d’œuvre 90 jours. Une question ? +1 503-555-0114, du lundi au vendredi, de 8 h à 17 h (heure du Pacifique).",
                "de_DE": "2 Jahre Garantie auf Teile, 90 Tage auf Arbeit. Fragen zur Rechnung? +1 503-555-0114, Montag bis Freitag, 8 bis 17 Uhr (Pazifikzeit).",
                "ar_001": "ضمان القطع سنتان وضمان أعمال التركيب 90 يومًا. للاستفسار عن الفاتورة: ‎+1 503-555-0114‎، من الاثنين إلى الجمعة.",
            },
        },
        "country": "us",
        "state": "OR",
        "currency": "USD",
        "logo": "logo_us.png",
        "paperformat": "base.paperformat_us",
        "layout": "web.external_layout_bubble",
        "bank": {
            "number": "4400 1875 2036",
            "name": "Columbia River Community Bank",
            "bic": "CRVCUS66",
            "journal": "Columbia River Bank",
        },
        "sale_journal": {"name": "Customer Invoices", "code": "INV", "first_number": 318},
        # key: (name, label on the invoice, percent)
        "taxes": {
            "state": ("Washington sales tax 6.5%", "WA sales tax 6.5%", 6.5),
            "local": ("Vancouver WA local tax 2.3%", "Vancouver local tax 2.3%", 2.3),
            "surcharge": ("Portland Clean Energy 1%", "Portland Clean Energy 1%", 1.0),
        },
        "default_taxes": ["state", "local"],
        # (name, country, states, note): the first is the home position and keeps the taxes, the others lift them.
        "fiscal_positions": [
            ("Washington", "us", ["WA"], ""),
            ("Oregon: no sales tax", "us", ["OR"], ""),
            ("Outside the United States", "", [], ""),
        ],
    },
    "fr": {
        "values": {
            "name": "Northwind Chauffage",
            "street": "27 quai Rambaud",
            "city": "Lyon",
            "zip": "69002",
            "phone": "+33 4 65 71 01 20",
            "email": "facturation@northwind-chauffage.example",
            "website": "https://www.northwind-chauffage.example",
            "vat": "FR44732829320",
            "company_registry": "73282932000074",
            "primary_color": "#0f5c4d",
            "secondary_color": "#c2571a",
            "font": "Lato",
            "report_header": "Pompes à chaleur, chaudières et air sain",
            "company_details": "<p><b>Northwind Chauffage SARL</b><br>27 quai Rambaud<br>69002 Lyon<br>France</p>",
            "report_footer": "<p>+33 4 65 71 01 20 · facturation@northwind-chauffage.example<br>SARL au capital de 40 000 € · RCS Lyon 732 829 320 · TVA FR44732829320</p>",
            "invoice_terms": "<p>En cas de retard de paiement : pénalités au taux de trois fois l’intérêt légal et indemnité forfaitaire de recouvrement de 40 €. Pas d’escompte pour paiement anticipé.</p>",
        },
        "country": "fr",
        "currency": "EUR",
        "logo": "logo_fr.png",
        "paperformat": "base.paperformat_euro",
        "layout": "web.external_layout_bubble",
        "bank": {
            "number": "FR76 3000 6000 0112 3456 7890 189",
            "name": "Banque des Deux Rives",
            "bic": "BDRVFRPP",
            "journal": "Banque des Deux Rives",
        },
        "sale_journal": {"name": "Factures clients", "code": "FAC", "first_number": 87},
        "taxes": {
            "tva20": ("TVA 20 %", "TVA 20 %", 20.0),
            "tva10": ("TVA 10 %", "TVA 10 %", 10.0),
            "tva55": ("TVA 5,5 %", "TVA 5,5 %", 5.5),
        },
        "default_taxes": ["tva20"],
        "fiscal_positions": [
            ("France", "fr", [], ""),
            (
                "Union européenne, professionnels",
                "eu",
                [],
                "<p>Autoliquidation par le preneur, article 283-2 du CGI.</p>",
            ),
            ("Hors Union européenne", "", [], ""),
        ],
    },
}

# key: (days, percent)… by part, early discount (percent, days), names and the sentence on the invoice by language
TERMS = {
    "net30": {
        "parts": [(30, 100)],
        "name": {"en_US": "30 Days", "fr_FR": "30 jours", "de_DE": "30 Tage", "ar_001": "30 يومًا"},
        "note": {
            "en_US": "Payment terms: 30 days",
            "fr_FR": "Conditions de règlement : 30 jours",
            "de_DE": "Zahlbar innerhalb von 30 Tagen",
            "ar_001": "شروط السداد: خلال 30 يومًا",
        },
    },
    "net15": {
        "parts": [(15, 100)],
        "name": {"en_US": "15 Days", "fr_FR": "15 jours", "de_DE": "15 Tage", "ar_001": "15 يومًا"},
        "note": {
            "en_US": "Payment terms: 15 days",
            "fr_FR": "Conditions de règlement : 15 jours",
            "de_DE": "Zahlbar innerhalb von 15 Tagen",
            "ar_001": "شروط السداد: خلال 15 يومًا",
        },
    },
    "now": {
        "parts": [(0, 100)],
        "name": {
            "en_US": "Due on receipt",
            "fr_FR": "À réception",
            "de_DE": "Sofort fällig",
            "ar_001": "عند الاستلام",
        },
        "note": {
            "en_US": "Payment terms: due on receipt",
            "fr_FR": "Payable à réception de la facture",
            "de_DE": "Zahlbar sofort nach Erhalt",
            "ar_001": "شروط السداد: عند الاستلام",
        },
    },
    "instalments": {
        "parts": [(0, 30), (30, 70)],
        "name": {
            "en_US": "30% now, 70% in 30 days",
            "fr_FR": "30 % à la commande, 70 % à 30 jours",
            "de_DE": "30 % sofort, 70 % in 30 Tagen",
            "ar_001": "30٪ الآن و70٪ خلال 30 يومًا",
        },
        "note": {
            "en_US": "Payment terms: 30% now, balance in 30 days",
            "fr_FR": "Conditions de règlement : 30 % à la commande, solde à 30 jours",
            "de_DE": "Zahlbar: 30 % sofort, Rest in 30 Tagen",
            "ar_001": "شروط السداد: 30٪ الآن والباقي خلال 30 يومًا",
        },
    },
    "early": {
        "parts": [(30, 100)],
        "early": (2, 10),
        "name": {
            "en_US": "2% 10, Net 30",
            "fr_FR": "Escompte 2 % à 10 jours, net 30",
            "de_DE": "2 % Skonto 10 Tage, netto 30",
            "ar_001": "خصم 2٪ خلال 10 أيام، صافي 30 يومًا",
        },
        "note": {
            "en_US": "Payment terms: 30 days, 2% discount within 10 days",
            "fr_FR": "30 jours net, escompte de 2 % sous 10 jours",
            "de_DE": "30 Tage netto, 2 % Skonto innerhalb von 10 Tagen",
            "ar_001": "30 يومًا، خصم 2٪ عند السداد خلال 10 أيام",
        },
    },
}

# The first is the administrator that every database has.
USERS = {
    "nora": {
        "name": "Nora Lindgren",
        "login": "admin",
        "email": "nora.lindgren@northwind-heating.example",
        "function": "Owner",
        "phone": "+1 503-555-0101",
        "picture": "face_nora.png",
        "companies": ["us", "fr"],
        "role": "owner, both companies",
    },
    "marta": {
        "name": "Marta Rossi",
        "login": "marta",
        "email": "marta.rossi@northwind-heating.example",
        "function": "Accountant",
        "phone": "+1 503-555-0114",
        "picture": "face_marta.png",
        "companies": ["us", "fr"],
        "groups": ["account.group_account_invoice"],
        "role": "accountant (billing), both companies",
    },
    "sam": {
        "name": "Sam Okafor",
        "login": "sam",
        "email": "sam.okafor@northwind-heating.example",
        "function": "Sales & Service Advisor",
        "phone": "+1 503-555-0127",
        "picture": "face_sam.png",
        "companies": ["us"],
        "groups": [
            "account.group_account_readonly",
            "sales_team.group_sale_salesman",
            "paylink_invoice.group_paylink_user",
        ],
        "role": "salesperson with customers of his own",
    },
    "elodie": {
        "name": "Élodie Garnier",
        "login": "elodie",
        "email": "elodie.garnier@northwind-chauffage.example",
        "function": "Comptable",
        "phone": "+33 4 65 71 01 22",
        "picture": "face_elodie.png",
        "companies": ["fr"],
        "groups": ["account.group_account_invoice"],
        "lang": "fr_FR",
        "role": "accountant in Lyon, interface in French",
    },
}

# What customers of the American company may choose, and what paying by card costs them.
CHOICES = {"paylink_is_tip_enabled": True, "paylink_minimum_amount": 25.0}
CARD_FEE = {"paylink_fee_percent": 2.9, "paylink_fee_fixed": 0.3, "paylink_fee_max": 10.0}
