# Part of paylink_invoice. License LGPL-3 or later (https://www.gnu.org/licenses/lgpl).
"""Every invoice of the demo and what was said about it.

``days`` counts back from today.  A line is (product, quantity, options) or ("section" | "sub" | "note", text);
``{year}`` in a reference is the year of the invoice; options: ``text`` more lines under the product's name, ``price``, ``discount``, ``taxes``.
A comment is (days, author, text, options): a message to the customer, or with ``note`` one for colleagues only;
``files`` are pictures and papers from ../assets.  ``pay`` is (days, amount | "rest" | "next").
"""

_SURCHARGE = {"taxes": ["surcharge"]}

_DEPOTS = [
    # name, heat pumps, filter sets, hours, valves, what was found
    (
        "Depot 1, NE 88th Street: docks 1–12",
        6,
        12,
        4.5,
        4,
        "Door curtain heater on dock 7 runs permanently, please have the switch looked at.",
    ),
    (
        "Depot 2, Fruit Valley Road: ripening rooms",
        4,
        8,
        6,
        0,
        "Humidity sensors in rooms 2 and 3 recalibrated.",
    ),
    (
        "Depot 3, Port of Vancouver: terminal 2",
        5,
        10,
        3,
        2,
        "Access only with escort, waiting time is not charged.",
    ),
    (
        "Depot 4, Camas: cross-dock",
        3,
        6,
        2.5,
        3,
        "Filters were last changed 14 months ago, six months are recommended.",
    ),
    (
        "Depot 5, Woodland: cold store",
        8,
        16,
        9,
        0,
        "Compressor 5 is at 41,000 hours, plan for an overhaul next year.",
    ),
    ("Depot 6, Battle Ground: offices", 2, 4, 2, 6, "Night setback was off; now 62 °F from 7 pm."),
]


def _depot_lines(name, pumps, filters, hours, valves, finding):
    yield ("section", name)
    yield (
        "maintenance",
        pumps,
        {"text": "Coils, drains, refrigerant check, log sheet per unit", "discount": 10},
    )
    yield ("filter", filters, {})
    yield ("sub", "Repairs found on the round")
    yield ("labor", hours, {})
    if valves:
        yield ("valve", valves, {})
    yield ("glycol", max(1, pumps // 2), {})
    yield ("vessel", 1, {"text": "Old vessel had lost its charge"})
    yield ("fan", max(1, pumps // 4), {"text": "Bearing noise above 58 dB(A)", "discount": 5})
    yield ("sub", "Running costs")
    yield ("monitoring", pumps * 3, {"text": "One quarter, all units of the depot"})
    yield ("filterplan", 1, {})
    yield ("travel", 1, {})
    yield ("note", finding)


INVOICES = [
    # --- The one to look at first: due in six days, with everything a customer may want to know.
    {
        "key": "riverstone_due",
        "customer": "riverstone",
        "days": 24,
        "delivery": "building_b",
        "ref": "PO 4471-B",
        "lines": [
            ("section", "Heat pump service, building B"),
            (
                "maintenance",
                4,
                {"text": "Units 1 to 4: coils, drains, refrigerant and electrical check"},
            ),
            ("filter", 6, {"text": "replaced on floors 2 and 3"}),
            (
                "vessel",
                1,
                {"text": "Unit 3: system pressure had dropped to 8 psi, topped up to 14 psi"},
            ),
            ("travel", 1, {"discount": 50}),
            ("note", "All readings are in service report SR-2291."),
        ],
        "comments": [
            (
                24,
                "sam",
                "Service report SR-2291 is attached, signed by Dan on site.",
                {"files": ["service_report.pdf"]},
            ),
            (
                23,
                "sam",
                "Unit 3 needs a new fan by spring, its bearing is worn. Heating is safe to use until then. We will send a separate quote. The picture shows the pressure as we found it.",
                {"files": ["pressure_gauge.jpg"]},
            ),
            (
                23,
                "marta",
                "Alice asked for the PO number on every invoice from now on. Added to the customer card.",
                {"note": True},
            ),
        ],
    },
    # --- Overdue by nine days.
    {
        "key": "cascade_overdue",
        "customer": "cascade",
        "days": 39,
        "ref": "Verbal, Tess Varga",
        "lines": [
            ("furnace", 2, {"text": "Rooftop units RTU-1 and RTU-2", **_SURCHARGE}),
            (
                "emergency",
                3.5,
                {
                    "text": "Saturday evening call: no heat in treatment rooms 1 to 4.\nIgnition module and flame sensor of RTU-2 replaced, safety chain tested.\nHeat was back at 9:40 pm.",
                    **_SURCHARGE,
                },
            ),
            ("thermostat", 2, {"discount": 5, **_SURCHARGE}),
            ("travel", 1, _SURCHARGE),
        ],
        "comments": [
            (
                38,
                "sam",
                "Thank you for your patience on Saturday. The second thermostat is in the waiting room now, code 4210.",
                {},
            ),
            (
                6,
                "marta",
                "Called Tess: Dr. Pruitt signs payments on Fridays only. Follow up on Monday.",
                {"note": True},
            ),
        ],
    },
    # --- In two instalments, the first is paid.
    {
        "key": "harborlight_instalments",
        "customer": "harborlight",
        "days": 18,
        "delivery": "taproom",
        "ref": "HL-{year}-019",
        "lines": [
            ("section", "Heat recovery for the taproom"),
            (
                "heatpump",
                1,
                {
                    "text": "Uses the waste heat of the glycol chiller for space heating and wash water",
                    "discount": 4,
                    **_SURCHARGE,
                },
            ),
            ("tank", 1, _SURCHARGE),
            ("pump", 2, _SURCHARGE),
            ("section", "Installation"),
            (
                "labor",
                22,
                {
                    "text": "Two technicians, two nights so that the taproom could stay open",
                    **_SURCHARGE,
                },
            ),
            ("commissioning", 1, _SURCHARGE),
            (
                "note",
                "The Energy Trust of Oregon rebate form is signed and on its way to you. The rebate is paid to you directly.",
            ),
        ],
        "pay": [(17, "next")],
        "comments": [
            (
                17,
                "sam",
                "First run looks great: 3.8 kW of heat for every kW of power. I will stop by after two weeks to fine-tune.",
                {},
            )
        ],
    },
    # --- The early-payment discount can still be had.
    {
        "key": "laurelhurst_early",
        "customer": "laurelhurst",
        "days": 4,
        "ref": "Board resolution 118",
        "lines": [
            (
                "boiler",
                2,
                {"text": "Boilers A and B, combustion analysis before and after", **_SURCHARGE},
            ),
            ("balancing", 4, {"text": "Classrooms of the east wing, 18 radiators", **_SURCHARGE}),
            ("valve", 18, {"discount": 15, **_SURCHARGE}),
            ("duct", 1, {"text": "Gymnasium supply duct, after school hours", **_SURCHARGE}),
        ],
        "comments": [
            (
                3,
                "nora",
                "Happy to walk the board through the readings at the next meeting. Room 12 is now at 69 °F all day.",
                {},
            )
        ],
    },
    # --- Part-paid.
    {
        "key": "anand_partial",
        "customer": "anand",
        "days": 12,
        "lines": [
            (
                "minisplit",
                1,
                {"text": "Upstairs bedroom, white line cover, condensate to the garden side"},
            ),
            ("labor", 7, {}),
            ("thermostat", 1, {}),
        ],
        "comments": [
            (
                12,
                "sam",
                "The remote's sleep mode is set to 66 °F as you asked. Enjoy the quiet!",
                {},
            )
        ],
        "pay": [(8, 1500)],
    },
    # --- Sixty lines and more.
    {
        "key": "kestrel_sixty",
        "customer": "kestrel",
        "days": 16,
        "ref": "KCS-88120 / quarterly round",
        "lines": [line for depot in _DEPOTS for line in _depot_lines(*depot)]
        + [
            ("section", "Together"),
            ("duct", 2, {"text": "Offices of depots 1 and 6", "discount": 100}),
        ],
        "comments": [
            (
                15,
                "sam",
                "All six depots are done. The log sheets per unit are with each depot manager; duct cleaning is on us this time.",
                {},
            ),
            (
                6,
                "sam",
                "Thanks Inés, good catch. The third hour was at Depot 2 on the way back, it is in our driver's log. I have mailed you the page.",
                {},
            ),
        ],
    },
    # --- A long customer name.
    {
        "key": "theatre_due",
        "customer": "theatre",
        "days": 9,
        "delivery": "stage",
        "ref": "Restoration Fund, grant {year}-04",
        "lines": [
            ("section", "Auditorium"),
            (
                "duct",
                3,
                {
                    "text": "Supply ducts above the 1901 plaster ceiling, HEPA extraction, access through the existing hatches only.\nNo dust reached the stalls; seat covers were left as found."
                },
            ),
            ("fan", 2, {"text": "Quiet blades, 34 dB(A) at row A"}),
            ("section", "Dressing rooms"),
            ("valve", 11, {}),
            ("labor", 13.5, {}),
            ("note", "The rehearsals were not disturbed. Thank you for the tickets."),
        ],
    },
    # --- Credited: the hotel closed a floor.
    {
        "key": "fernfinch_credited",
        "customer": "fernfinch",
        "days": 31,
        "ref": "FF-771",
        "lines": [("maintenance", 6, {"text": "Fan coils, rooms 401 to 406"}), ("filter", 6, {})],
        "comments": [
            (
                29,
                "marta",
                "Floor 4 is closed for renovation, the visit did not take place. Credited in full.",
                {"note": True},
            )
        ],
        "credit": (28, "Floor 4 closed, visit cancelled"),
    },
    {
        "key": "fernfinch_due",
        "customer": "fernfinch",
        "days": 7,
        "ref": "FF-784",
        "lines": [
            ("maintenance", 8, {"text": "Fan coils, floors 2 and 3", **_SURCHARGE}),
            ("filter", 16, {"discount": 10, **_SURCHARGE}),
            ("travel", 1, _SURCHARGE),
        ],
        "comments": [
            (6, "sam", "Gwen prefers a text message, she is rarely at her desk.", {"note": True})
        ],
    },
    # --- Paid on its link.
    {
        "key": "bluebird_paid",
        "customer": "bluebird",
        "days": 11,
        "ref": "",
        "lines": [
            (
                "furnace",
                1,
                {
                    "text": "Bakery floor unit, flour dust removed from burner compartment",
                    **_SURCHARGE,
                },
            ),
            ("filter", 4, _SURCHARGE),
            ("travel", 1, _SURCHARGE),
        ],
        "comments": [
            (
                11,
                "marta",
                "Thank you for the croissants! The next filter change is due in April.",
                {},
            )
        ],
    },
    {
        "key": "whitcombe_paid",
        "customer": "whitcombe",
        "days": 5,
        "lines": [("boiler", 1, {"text": "Includes chimney draft test"}), ("valve", 2, {})],
    },
    # --- Foreign currencies and languages.
    {
        "key": "diyafa_kwd",
        "customer": "diyafa",
        "days": 13,
        "currency": "KWD",
        "delivery": "portland",
        "ref": "DGH-{year}/118",
        "lines": [
            ("section", "فندق ضيافة ريفر بليس، بورتلاند"),
            ("maintenance", 5, {"text": "وحدات السطح من 1 إلى 5"}),
            ("balancing", 2, {"text": "الطابقان الثالث والرابع"}),
            ("filter", 10, {"discount": 10}),
            ("monitoring", 15, {"text": "ربع سنة واحد، خمس وحدات"}),
            ("note", "جميع القراءات ضمن الحدود المعتادة. موعد الزيارة القادمة في الربيع."),
        ],
        "comments": [
            (
                12,
                "nora",
                "تم الانتهاء من جميع الأعمال في الموعد المتفق عليه، وتقرير الخدمة متوفر لدى مدير الفندق.",
                {},
            )
        ],
    },
    {
        "key": "kitsune_jpy",
        "customer": "kitsune",
        "days": 10,
        "currency": "JPY",
        "ref": "KP-PO-30551",
        "lines": [
            ("section", "Hillsboro plant, clean room air handling"),
            ("maintenance", 3, {"text": "AHU-1 to AHU-3"}),
            ("fan", 1, {"text": "AHU-2, balanced to ISO 21940 G2.5"}),
            ("labor", 6.5, {}),
            ("monitoring", 9, {"text": "One quarter, three units"}),
        ],
    },
    {
        "key": "bergmann_eur",
        "customer": "bergmann",
        "days": 6,
        "currency": "EUR",
        "ref": "Best. 45-2207",
        "lines": [
            ("section", "Sudhaus-Vorführanlage, Messe Portland"),
            ("pump", 2, {}),
            ("labor", 9, {"text": "Aufbau und Probelauf am Wochenende"}),
            ("commissioning", 1, {"text": "mit Protokoll in deutscher Sprache"}),
            ("balancing", 1, {}),
            (
                "note",
                "Die Anlage bleibt bis zum Ende der Messe unter Fernüberwachung, ohne Berechnung.",
            ),
        ],
        "comments": [
            (
                5,
                "nora",
                "Die Anlage läuft ruhig, das Protokoll liegt am Stand. Viel Erfolg auf der Messe!",
                {},
            )
        ],
    },
    # --- Drafts and a cancelled one.
    {
        "key": "riverstone_draft",
        "customer": "riverstone",
        "days": 0,
        "state": "draft",
        "ref": "PO 4502",
        "lines": [("fan", 1, {"text": "Unit 3, building B"}), ("labor", 3, {})],
    },
    {
        "key": "bluebird_draft",
        "customer": "bluebird",
        "days": 1,
        "state": "draft",
        "lines": [("furnace", 1, {}), ("filter", 2, {})],
    },
    {
        "key": "ruiz_cancelled",
        "customer": "ruiz",
        "days": 20,
        "state": "cancel",
        "lines": [("minisplit", 1, {}), ("labor", 6, {})],
        "comments": [(19, "sam", "Hector decided to wait for the spring rebate.", {"note": True})],
    },
    # --- Earlier business, paid by bank transfer or check.
    {
        "key": "h01",
        "customer": "riverstone",
        "days": 154,
        "ref": "PO 4310",
        "lines": [("maintenance", 4, {"text": "Building A, units 1 to 4"}), ("filter", 8, {})],
        "pay": [(129, "rest")],
    },
    {
        "key": "h02",
        "customer": "kestrel",
        "days": 149,
        "ref": "KCS-87004",
        "lines": [
            ("emergency", 5, {"text": "Depot 5: compressor trip on high pressure"}),
            ("labor", 6, {}),
            ("glycol", 8, {}),
        ],
        "pay": [(112, "rest")],
    },
    {
        "key": "h03",
        "customer": "lindqvist",
        "days": 141,
        "lines": [("furnace", 1, {}), ("plan", 12, {})],
        "pay": [(141, "rest")],
    },
    {
        "key": "h04",
        "customer": "bluebird",
        "days": 133,
        "lines": [("duct", 1, {"text": "Oven hall exhaust"}), ("labor", 4, {})],
        "pay": [(116, "rest")],
    },
    {
        "key": "h05",
        "customer": "theatre",
        "days": 120,
        "lines": [("boiler", 2, {}), ("pump", 1, {}), ("labor", 5, {})],
        "pay": [(88, "rest")],
    },
    {
        "key": "h06",
        "customer": "harborlight",
        "days": 112,
        "terms": "net30",
        "lines": [("balancing", 2, _SURCHARGE), ("labor", 8, _SURCHARGE)],
        "pay": [(80, "rest")],
    },
    {
        "key": "h07",
        "customer": "cascade",
        "days": 104,
        "lines": [("furnace", 2, {}), ("filter", 6, {})],
        "pay": [(69, "rest")],
    },
    {
        "key": "h08",
        "customer": "kitsune",
        "days": 98,
        "currency": "JPY",
        "ref": "KP-PO-30117",
        "lines": [("monitoring", 9, {"text": "One quarter, three units"}), ("filter", 6, {})],
        "pay": [(66, "rest")],
    },
    {
        "key": "h09",
        "customer": "ruiz",
        "days": 91,
        "lines": [("furnace", 1, {}), ("thermostat", 1, {})],
        "pay": [(90, "rest")],
    },
    {
        "key": "h10",
        "customer": "fernfinch",
        "days": 84,
        "ref": "FF-752",
        "lines": [("maintenance", 8, {}), ("filter", 16, {}), ("travel", 1, {})],
        "pay": [(71, "rest")],
    },
    {
        "key": "h11",
        "customer": "riverstone",
        "days": 77,
        "ref": "PO 4395",
        "lines": [
            ("emergency", 2, {"text": "Building A: leak at the riser, level 1"}),
            ("valve", 1, {}),
        ],
        "pay": [(52, "rest")],
    },
    {
        "key": "h12",
        "customer": "laurelhurst",
        "days": 70,
        "lines": [("filterplan", 4, {}), ("monitoring", 24, {"text": "School year, two boilers"})],
        "pay": [(62, "rest")],
    },
    {
        "key": "h13",
        "customer": "diyafa",
        "days": 67,
        "currency": "KWD",
        "ref": "DGH-{year}/081",
        "lines": [("maintenance", 5, {}), ("travel", 1, {})],
        "pay": [(40, "rest")],
    },
    {
        "key": "h14",
        "customer": "whitcombe",
        "days": 60,
        "lines": [("emergency", 1, {"text": "Sunday morning, pilot light"})],
        "pay": [(60, "rest")],
    },
    {
        "key": "h15",
        "customer": "kestrel",
        "days": 55,
        "ref": "KCS-87655",
        "lines": [
            ("fan", 3, {"text": "Depot 5, evaporators 2, 4 and 7"}),
            ("labor", 7.5, {}),
            ("travel", 1, {}),
        ],
        "pay": [(21, "rest")],
    },
    {
        "key": "h16",
        "customer": "anand",
        "days": 48,
        "lines": [("furnace", 1, {}), ("duct", 1, {})],
        "pay": [(36, "rest")],
    },
    {
        "key": "h17",
        "customer": "harborlight",
        "days": 44,
        "terms": "net15",
        "lines": [("plan", 12, _SURCHARGE), ("filter", 4, _SURCHARGE)],
        "pay": [(31, "rest")],
    },
    {
        "key": "h18",
        "customer": "lindqvist",
        "days": 34,
        "lines": [
            ("labor", 2, {"text": "Bleeding and noise check of eight radiators"}),
            ("travel", 1, {"discount": 50}),
        ],
    },
    {
        "key": "h19",
        "customer": "theatre",
        "days": 46,
        "ref": "Restoration Fund, grant {year}-03",
        "lines": [("thermostat", 6, {}), ("labor", 9, {}), ("travel", 2, {})],
    },
    {"key": "h20", "customer": "ruiz", "days": 3, "lines": [("plan", 12, {}), ("filter", 2, {})]},
    {
        "key": "h21",
        "customer": "cascade",
        "days": 2,
        "lines": [("filterplan", 4, _SURCHARGE), ("filter", 4, _SURCHARGE)],
    },
    {
        "key": "h22",
        "customer": "riverstone",
        "days": 13,
        "ref": "PO 4480",
        "lines": [("monitoring", 12, {"text": "Buildings A and B, one quarter"})],
    },
    # --- Lyon.
    {
        "key": "terrasses_due",
        "customer": "terrasses",
        "days": 21,
        "delivery": "residence",
        "ref": "OS {year}-087",
        "lines": [
            ("section", "Chaufferie collective, Résidence Les Terrasses"),
            ("boiler", 2, {"text": "Chaudières 1 et 2, attestation d’entretien jointe"}),
            ("balancing", 3, {"text": "Colonnes A, B et C"}),
            (
                "pump",
                1,
                {"text": "Remplacement du circulateur de la colonne B, bruyant depuis l’hiver"},
            ),
            ("valve", 14, {"discount": 10}),
            ("monitoring", 6, {"text": "Deux chaudières, un trimestre"}),
            (
                "note",
                "TVA à 10 % : travaux d’entretien dans des logements achevés depuis plus de deux ans.",
            ),
        ],
        "comments": [
            (
                20,
                "elodie",
                "Bonjour, l’attestation d’entretien est affichée en chaufferie. Le prochain passage est prévu en mars.",
                {},
            ),
            (
                20,
                "elodie",
                "Mme Lefèvre paie toujours en fin de mois, après le passage du syndic.",
                {"note": True},
            ),
        ],
    },
    {
        "key": "hotelparc_instalments",
        "customer": "hotelparc",
        "days": 15,
        "ref": "Devis D-0412 accepté",
        "lines": [
            (
                "heatpump",
                2,
                {"text": "Montage en terrasse technique, plots antivibratiles", "discount": 5},
            ),
            ("tank", 1, {}),
            ("labor", 36, {}),
            ("commissioning", 1, {}),
            ("note", "TVA à 5,5 % : amélioration de la performance énergétique."),
        ],
        "pay": [(13, "next")],
    },
    {
        "key": "clinique_overdue",
        "customer": "clinique",
        "days": 37,
        "lines": [
            (
                "emergency",
                2,
                {"text": "Panne de chauffage en salle d’opération, intervention le samedi soir"},
            ),
            ("fan", 1, {}),
            ("travel", 1, {}),
        ],
    },
    {
        "key": "fournil_due",
        "customer": "fournil",
        "days": 3,
        "lines": [("duct", 1, {"text": "Hotte du fournil"}), ("filter", 2, {}), ("travel", 1, {})],
    },
    {
        "key": "weinstube_due",
        "customer": "weinstube",
        "days": 8,
        "ref": "Auftrag 1183",
        "lines": [
            ("maintenance", 2, {"text": "Gastraum und Weinkeller"}),
            ("filter", 4, {}),
            ("travel", 1, {}),
        ],
        "comments": [(7, "elodie", "Der Weinkeller bleibt jetzt zuverlässig bei 12 °C.", {})],
    },
    {
        "key": "dubois_draft",
        "customer": "dubois",
        "days": 0,
        "state": "draft",
        "lines": [("furnace", 1, {}), ("plan", 12, {})],
    },
    {
        "key": "f01",
        "customer": "dubois",
        "days": 126,
        "lines": [("boiler", 1, {}), ("valve", 3, {})],
        "pay": [(126, "rest")],
    },
    {
        "key": "f02",
        "customer": "terrasses",
        "days": 108,
        "ref": "OS {year}-041",
        "lines": [("labor", 6, {"text": "Recherche de fuite, bâtiment C"}), ("vessel", 2, {})],
        "pay": [(75, "rest")],
    },
    {
        "key": "f03",
        "customer": "fournil",
        "days": 89,
        "lines": [("maintenance", 1, {}), ("filter", 4, {})],
        "pay": [(70, "rest")],
    },
    {
        "key": "f04",
        "customer": "clinique",
        "days": 73,
        "lines": [("maintenance", 3, {}), ("travel", 1, {})],
        "pay": [(45, "rest")],
    },
    {
        "key": "f05",
        "customer": "weinstube",
        "days": 62,
        "ref": "Auftrag 1127",
        "lines": [("thermostat", 2, {}), ("labor", 3, {}), ("travel", 1, {})],
        "pay": [(33, "rest")],
    },
]
