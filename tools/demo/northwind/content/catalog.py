# Part of paylink_invoice. License LGPL-3 or later (https://www.gnu.org/licenses/lgpl).
"""Products and services, with a price in each currency they are sold in, and their names by language."""

CATEGORIES = {
    "service": "Service & Repair",
    "parts": "Parts & Filters",
    "equipment": "Equipment",
    "plans": "Care Plans",
}

# key: internal reference, category, goods or service, taxes in France, prices by currency, names by language
PRODUCTS = {
    "maintenance": (
        "SV-100",
        "service",
        "tva10",
        {"USD": 210, "EUR": 185, "JPY": 32000, "KWD": 64.5},
        {
            "en_US": "Annual heat pump maintenance",
            "fr_FR": "Entretien annuel de pompe à chaleur",
            "de_DE": "Jahreswartung Wärmepumpe",
            "ar_001": "الصيانة السنوية للمضخة الحرارية",
        },
    ),
    "boiler": (
        "SV-110",
        "service",
        "tva10",
        {"USD": 265, "EUR": 149},
        {
            "en_US": "Boiler service and combustion analysis",
            "fr_FR": "Entretien de chaudière et analyse de combustion",
            "de_DE": "Kesselwartung mit Abgasmessung",
        },
    ),
    "furnace": (
        "SV-120",
        "service",
        "tva10",
        {"USD": 149, "EUR": 135},
        {"en_US": "Furnace tune-up", "fr_FR": "Réglage de chaudière à air pulsé"},
    ),
    "labor": (
        "SV-200",
        "service",
        "tva10",
        {"USD": 128, "EUR": 68, "JPY": 19500, "KWD": 39.25},
        {
            "en_US": "Technician, hourly",
            "fr_FR": "Main-d’œuvre technicien, à l’heure",
            "de_DE": "Technikerstunde",
            "ar_001": "ساعة عمل فني",
        },
    ),
    "emergency": (
        "SV-210",
        "service",
        "tva10",
        {"USD": 195, "EUR": 120},
        {
            "en_US": "Emergency call-out, evening or weekend",
            "fr_FR": "Dépannage d’urgence, soir ou week-end",
        },
    ),
    "travel": (
        "SV-300",
        "service",
        "tva10",
        {"USD": 98, "EUR": 45, "JPY": 14800, "KWD": 30},
        {"en_US": "Travel", "fr_FR": "Déplacement", "de_DE": "Anfahrt", "ar_001": "رسوم التنقل"},
    ),
    "commissioning": (
        "SV-400",
        "service",
        "tva55",
        {"USD": 480, "EUR": 420, "KWD": 147.75},
        {
            "en_US": "Commissioning and handover",
            "fr_FR": "Mise en service et prise en main",
            "de_DE": "Inbetriebnahme und Einweisung",
            "ar_001": "التشغيل والتسليم",
        },
    ),
    "duct": (
        "SV-410",
        "service",
        "tva20",
        {"USD": 390, "EUR": 340},
        {
            "en_US": "Duct cleaning",
            "fr_FR": "Nettoyage de gaines",
            "de_DE": "Reinigung der Lüftungskanäle",
        },
    ),
    "balancing": (
        "SV-420",
        "service",
        "tva10",
        {"USD": 320, "EUR": 275, "KWD": 98.5},
        {
            "en_US": "Hydronic balancing",
            "fr_FR": "Équilibrage hydraulique",
            "de_DE": "Hydraulischer Abgleich",
            "ar_001": "موازنة شبكة المياه",
        },
    ),
    "filter": (
        "PA-HP20",
        "parts",
        "tva10",
        {"USD": 42, "EUR": 36, "JPY": 6400, "KWD": 12.875},
        {
            "en_US": "Filter set HP-20",
            "fr_FR": "Jeu de filtres HP-20",
            "de_DE": "Filtersatz HP-20",
            "ar_001": "طقم مرشحات HP-20",
        },
    ),
    "thermostat": (
        "PA-T4",
        "parts",
        "tva10",
        {"USD": 189, "EUR": 165},
        {
            "en_US": "Smart thermostat T4",
            "fr_FR": "Thermostat connecté T4",
            "de_DE": "Smart-Thermostat T4",
        },
    ),
    "pump": (
        "PA-C25",
        "parts",
        "tva10",
        {"USD": 412, "EUR": 358, "KWD": 126.375},
        {
            "en_US": "Circulator pump C25",
            "fr_FR": "Circulateur C25",
            "de_DE": "Umwälzpumpe C25",
            "ar_001": "مضخة تدوير C25",
        },
    ),
    "vessel": (
        "PA-EV18",
        "parts",
        "tva10",
        {"USD": 138, "EUR": 112, "KWD": 42.5},
        {
            "en_US": "Expansion vessel 4.8 gal",
            "fr_FR": "Vase d’expansion 18 l",
            "de_DE": "Ausdehnungsgefäß 18 l",
            "ar_001": "خزان تمدد 18 لترًا",
        },
    ),
    "fan": (
        "PA-F3",
        "parts",
        "tva10",
        {"USD": 336, "EUR": 295, "JPY": 51000},
        {"en_US": "Fan assembly F3", "fr_FR": "Groupe ventilateur F3", "de_DE": "Lüftereinheit F3"},
    ),
    "valve": (
        "PA-TRV",
        "parts",
        "tva10",
        {"USD": 34, "EUR": 29},
        {
            "en_US": "Thermostatic radiator valve",
            "fr_FR": "Robinet thermostatique",
            "de_DE": "Thermostatventil",
        },
    ),
    "glycol": (
        "PA-GL5",
        "parts",
        "tva20",
        {"USD": 46, "EUR": 39, "KWD": 14.125},
        {
            "en_US": "Heat-transfer fluid, 5 gal",
            "fr_FR": "Fluide caloporteur, bidon de 20 l",
            "de_DE": "Wärmeträgerflüssigkeit, 20 l",
            "ar_001": "سائل نقل حراري، 20 لترًا",
        },
    ),
    "heatpump": (
        "EQ-HP12",
        "equipment",
        "tva55",
        {"USD": 6840, "EUR": 5950, "JPY": 1030000},
        {
            "en_US": "Air-to-water heat pump HP-12, 12 kW",
            "fr_FR": "Pompe à chaleur air-eau HP-12, 12 kW",
            "de_DE": "Luft-Wasser-Wärmepumpe HP-12, 12 kW",
        },
    ),
    "tank": (
        "EQ-BT80",
        "equipment",
        "tva55",
        {"USD": 1290, "EUR": 1120},
        {
            "en_US": "Buffer tank 80 gal",
            "fr_FR": "Ballon tampon 300 l",
            "de_DE": "Pufferspeicher 300 l",
        },
    ),
    "minisplit": (
        "EQ-MS9",
        "equipment",
        "tva20",
        {"USD": 1875, "EUR": 1590},
        {
            "en_US": "Ductless mini-split MS-9, one zone",
            "fr_FR": "Climatiseur mural MS-9, une zone",
        },
    ),
    "plan": (
        "PL-12",
        "plans",
        "tva10",
        {"USD": 24, "EUR": 21},
        {
            "en_US": "Comfort care plan, per month",
            "fr_FR": "Contrat confort, par mois",
            "de_DE": "Wartungsvertrag Komfort, pro Monat",
        },
    ),
    "monitoring": (
        "PL-RM",
        "plans",
        "tva20",
        {"USD": 36, "EUR": 32, "JPY": 5500, "KWD": 11.125},
        {
            "en_US": "Remote monitoring, per unit and month",
            "fr_FR": "Télésurveillance, par unité et par mois",
            "de_DE": "Fernüberwachung, pro Gerät und Monat",
            "ar_001": "المراقبة عن بُعد، لكل وحدة شهريًا",
        },
    ),
    "filterplan": (
        "PL-FI",
        "plans",
        "tva20",
        {"USD": 18, "EUR": 15},
        {"en_US": "Filter delivery, per quarter", "fr_FR": "Livraison de filtres, par trimestre"},
    ),
}
