# Part of paylink_invoice. License LGPL-3 or later (https://www.gnu.org/licenses/lgpl).
"""Languages, currencies, companies with their books, terms, users, and the ways out (mail, payment)."""

from odoo import Command

from .content import companies as content


def translate(record, fname, texts):
    """Add to a field what it says in other languages.

    :param dict texts: text by language, with that in ``en_US``; for HTML fields without its one paragraph
    """
    source = texts["en_US"]
    others = {lang: text for lang, text in texts.items() if lang != "en_US"}
    if record._fields[fname].type == "html":
        others = {lang: {source: text} for lang, text in others.items()}
    record.update_field_translations(fname, others)


def load_languages(demo):
    for code in content.LANGUAGES:
        demo.env["res.lang"]._activate_lang(code)
    installed = demo.env["ir.module.module"].search([("state", "=", "installed")])
    # Colleagues need their whole interface, customers what they read: that loads in half the time.
    for_customers = installed.filtered(
        lambda m: m.name in content.CUSTOMER_MODULES or m.name.startswith("paylink_")
    )
    staff = {data["lang"] for data in content.USERS.values() if "lang" in data}
    installed._update_translations(sorted(staff))
    for_customers._update_translations(sorted(set(content.LANGUAGES) - staff))


def load_currencies(demo):
    currencies = (
        demo.env["res.currency"]
        .with_context(active_test=False)
        .search([("name", "in", [*content.RATES, "USD"])])
    )
    currencies.active = True
    for currency in currencies.filtered(lambda c: c.name in content.RATES):
        currency.rate_ids.unlink()
        for days, rate in content.RATES[currency.name]:
            demo.env["res.currency.rate"].create(
                {
                    "currency_id": currency.id,
                    "name": demo.moment(days).date(),
                    "rate": rate,
                    "company_id": False,
                }
            )


def load_companies(demo):
    """Create the companies with all that their books need."""
    load_currencies(demo)
    for key, data in content.COMPANIES.items():
        company = (
            demo.env.ref("base.main_company")
            if key == "us"
            else demo.env["res.company"].create(
                {
                    "name": data["values"]["name"],
                    "currency_id": demo.env.ref(f"base.{data['currency']}").id,
                }
            )
        )
        demo.env.user.company_ids |= company
        demo.remember("company", key, company)
        country = demo.env.ref(f"base.{data['country']}")
        company.write(
            {
                **data["values"],
                "country_id": country.id,
                "currency_id": demo.env.ref(f"base.{data['currency']}").id,
            }
        )
        env = demo.env(context=dict(demo.env.context, allowed_company_ids=company.ids))
        if not company.chart_template:
            env["account.chart.template"].try_loading(
                "generic_coa", company=company, install_demo=False
            )
            # This chart of accounts is American, and has just made the currency so, too.
            company.currency_id = demo.env.ref(f"base.{data['currency']}")
        company.write(
            {
                "state_id": demo.state(data["country"], data.get("state")).id,
                "logo": demo.asset(data["logo"]),
                "paperformat_id": demo.env.ref(data["paperformat"]).id,
                "external_report_layout_id": demo.env.ref(data["layout"]).id,
                "display_invoice_amount_total_words": key == "us",
                "account_fiscal_country_id": country.id,
            }
        )
        for fname, texts in data.get("translations", {}).items():
            translate(company, fname, texts)
        _load_taxes(demo, env, key, data)
        _load_journals(env, company, data)
    demo.env["ir.config_parameter"].set_param("account.use_invoice_terms", "True")
    load_terms(demo)


def _load_taxes(demo, env, company_key, data):
    """Replace the taxes of the generic chart by those that this place really has."""
    company = demo.get("company", company_key)
    received = env["account.chart.template"].ref("tax_received")
    env["account.fiscal.position"].search([("company_id", "=", company.id)]).unlink()
    company.write({"account_sale_tax_id": False, "account_purchase_tax_id": False})
    env["account.tax"].search([("company_id", "=", company.id)]).unlink()
    env["account.tax.group"].search([("company_id", "=", company.id)]).unlink()
    for sequence, (key, (name, label, percent)) in enumerate(data["taxes"].items()):
        group = env["account.tax.group"].create(
            {
                "name": label,
                "company_id": company.id,
                "country_id": company.country_id.id,
                "sequence": sequence,
            }
        )
        repartition = [
            Command.clear(),
            Command.create({"repartition_type": "base"}),
            Command.create({"repartition_type": "tax", "account_id": received.id}),
        ]
        demo.remember(
            "tax",
            key,
            env["account.tax"].create(
                {
                    "name": name,
                    "invoice_label": label,
                    "amount": percent,
                    "type_tax_use": "sale",
                    "sequence": sequence,
                    "tax_group_id": group.id,
                    "company_id": company.id,
                    "country_id": company.country_id.id,
                    "invoice_repartition_line_ids": repartition,
                    "refund_repartition_line_ids": repartition,
                }
            ),
        )
    company.account_sale_tax_id = demo.get("tax", data["default_taxes"][0])
    home = env["account.fiscal.position"]
    for sequence, (name, area, states, note) in enumerate(data["fiscal_positions"]):
        values = {
            "name": name,
            "company_id": company.id,
            "auto_apply": True,
            "sequence": sequence,
            "note": note,
        }
        if area == "eu":
            values.update(country_group_id=demo.env.ref("base.europe").id, vat_required=True)
        elif area:
            values.update(
                country_id=demo.env.ref(f"base.{area}").id,
                state_ids=[demo.state(area, code).id for code in states],
            )
        position = env["account.fiscal.position"].create(values)
        home = home or position
    demo.env["account.tax"].search([("company_id", "=", company.id)]).fiscal_position_ids = home


def _load_journals(env, company, data):
    sale = env["account.journal"].search(
        [("company_id", "=", company.id), ("type", "=", "sale")], limit=1
    )
    sale.write({"name": data["sale_journal"]["name"], "code": data["sale_journal"]["code"]})
    bank = env["res.bank"].create(
        {"name": data["bank"]["name"], "bic": data["bank"]["bic"], "country": company.country_id.id}
    )
    account = env["res.partner.bank"].create(
        {
            "acc_number": data["bank"]["number"],
            "bank_id": bank.id,
            "partner_id": company.partner_id.id,
            "company_id": company.id,
            "allow_out_payment": True,
        }
    )
    journal = env["account.journal"].search(
        [("company_id", "=", company.id), ("type", "=", "bank")], limit=1
    )
    journal.write({"name": data["bank"]["journal"], "bank_account_id": account.id})


def load_terms(demo):
    demo.env["account.payment.term"].search([]).active = False
    for sequence, (key, data) in enumerate(content.TERMS.items()):
        percent, days = data.get("early", (2, 10))
        term = demo.env["account.payment.term"].create(
            {
                "name": data["name"]["en_US"],
                "note": f"<p>{data['note']['en_US']}</p>",
                "sequence": sequence,
                "early_discount": "early" in data,
                "discount_percentage": percent,
                "discount_days": days,
                "line_ids": [
                    Command.create({"value": "percent", "value_amount": part, "nb_days": after})
                    for after, part in data["parts"]
                ],
            }
        )
        translate(term, "name", data["name"])
        translate(term, "note", data["note"])
        demo.remember("term", key, term)


def load_users(demo):
    everyone = {"email", "function", "phone", "name", "login"}
    for key, data in content.USERS.items():
        companies = [demo.get("company", c) for c in data["companies"]]
        values = {name: data[name] for name in everyone & data.keys()}
        values.update(
            image_1920=demo.asset(data["picture"]),
            company_ids=[Command.set([c.id for c in companies])],
            company_id=companies[0].id,
            lang=data.get("lang", "en_US"),
            tz="Europe/Paris" if companies[0].country_code == "FR" else "America/Los_Angeles",
            password=data["login"],
        )
        if "tour_enabled" in demo.env["res.users"]._fields:
            values["tour_enabled"] = False
        groups = [
            g
            for g in (
                demo.env.ref(name, raise_if_not_found=False) for name in data.get("groups", [])
            )
            if g
        ]
        if data["login"] == "admin":
            user = demo.env.ref("base.user_admin")
            values["group_ids"] = [Command.link(demo.env.ref("account.group_account_manager").id)]
            user.write(values)
        else:
            values["group_ids"] = [
                Command.link(demo.env.ref("base.group_user").id),
                # As everybody whom Odoo makes a user: "Contact Creation".
                Command.link(demo.env.ref("base.group_partner_manager").id),
                *(Command.link(g.id) for g in groups),
            ]
            user = demo.env["res.users"].with_context(no_reset_password=True).create(values)
        user.action_id = demo.env.ref("account.action_move_out_invoice").id
        demo.remember("user", key, user)
    _read_welcome_messages(demo)


def _read_welcome_messages(demo):
    """Let nobody start with unread messages in channels that nobody opened."""
    last = demo.env["mail.message"].search([], order="id desc", limit=1)
    demo.env["discuss.channel.member"].search([]).write({"new_message_separator": last.id + 1})


def load_ways_out(demo, url):
    """Where mail goes, where links point to, and how customers pay."""
    parameters = demo.env["ir.config_parameter"]
    parameters.set_param("web.base.url", url)
    parameters.set_param("web.base.url.freeze", "True")
    parameters.set_param("account_payment.enable_portal_payment", "True")
    parameters.set_param("paylink_invoice.is_test_database", "True")
    demo.env.ref("base.partner_root").email = content.ROBOT_EMAIL
    # Mail leaves by the server that Odoo was started with: a catcher on this machine.
    demo.env["ir.mail_server"].search([]).active = False
    provider = demo.env.ref("payment.payment_provider_demo")
    for key in content.COMPANIES:
        company = demo.get("company", key)
        own = (
            provider
            if key == "us"
            else provider.copy({"company_id": company.id, "name": provider.name})
        )
        journal = demo.env["account.journal"].search(
            [("company_id", "=", company.id), ("type", "=", "bank")], limit=1
        )
        own.with_company(company).write(
            {
                "name": "Card (demo)",
                "state": "test",
                "is_published": True,
                "journal_id": journal.id,
                "company_id": company.id,
            }
        )
        demo.remember("provider", key, own)
    _load_prices(demo)


def _load_prices(demo):
    """What customers of the American company may choose: tips, parts, and a card that costs a fee."""
    demo.get("company", "us").write(content.CHOICES)
    demo.get("provider", "us").write(content.CARD_FEE)
    transfer = demo.env.ref("payment.payment_provider_transfer", raise_if_not_found=False)
    if transfer and transfer.code == "custom":  # else `payment_custom` is not installed
        transfer.write({"state": "enabled", "is_published": True})
