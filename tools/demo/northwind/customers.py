# Part of paylink_invoice. License LGPL-3 or later (https://www.gnu.org/licenses/lgpl).
"""Customers with their people and places, products with their prices and names."""

from odoo import Command

from .content import catalog, companies, customers

ADDRESS = ("street", "street2", "city", "zip", "email", "phone", "vat", "function")


def load_customers(demo):
    for key, data in customers.CUSTOMERS.items():
        values = _prepare_partner_values(demo, data)
        values.update(
            name=data["name"],
            is_company=not data.get("person"),
            lang=data.get("lang", "en_US"),
            user_id=demo.get("user", data["user"]).id,
            customer_rank=1,
            tz=False,
        )
        env = demo.as_user(data["user"], data["company"])
        partner = env["res.partner"].create(values)
        partner.property_payment_term_id = demo.get("term", data["terms"])
        demo.remember("customer", key, partner)
        for contact_key, name, kind, details in data["contacts"]:
            contact = env["res.partner"].create(
                {
                    **_prepare_partner_values(
                        demo, {"country": data["country"], "state": data.get("state"), **details}
                    ),
                    "name": name,
                    "type": kind,
                    "parent_id": partner.id,
                    "lang": partner.lang,
                }
            )
            demo.remember("contact", f"{key}_{contact_key}", contact)


def _prepare_partner_values(demo, data):
    values = {name: data[name] for name in ADDRESS if name in data}
    values["country_id"] = demo.env.ref(f"base.{data['country']}").id
    values["state_id"] = demo.state(data["country"], data.get("state")).id
    return values


def load_products(demo):
    categories = {
        key: demo.env["product.category"].create({"name": name})
        for key, name in catalog.CATEGORIES.items()
    }
    hour = demo.env.ref("uom.product_uom_hour")
    home_taxes = [demo.get("tax", key).id for key in companies.COMPANIES["us"]["default_taxes"]]
    for key, (code, category, french_tax, prices, names) in catalog.PRODUCTS.items():
        product = demo.env["product.product"].create(
            {
                "name": names["en_US"],
                "default_code": code,
                "categ_id": categories[category].id,
                "type": "consu" if category in ("parts", "equipment") else "service",
                "list_price": prices["USD"],
                "taxes_id": [Command.set([*home_taxes, demo.get("tax", french_tax).id])],
                "supplier_taxes_id": [Command.clear()],
                **({"uom_id": hour.id} if key == "labor" else {}),
            }
        )
        for lang, name in names.items():
            if lang != "en_US":
                product.with_context(lang=lang).name = name
        demo.remember("product", key, product)
