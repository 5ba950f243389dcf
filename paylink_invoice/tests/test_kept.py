# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""What is set up once costs a page no query, and is never older than its last change."""

from odoo.exceptions import MissingError
from odoo.tests import tagged

from .common import PaylinkCommon


@tagged("post_install", "-at_install")
class TestKept(PaylinkCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.page = cls.env["paylink.page"]
        cls.method = cls.env["payment.method"].search([], limit=1)
        cls.country = cls.env.ref("base.be")

    def _read(self, record):
        """Bring a record as a new request does; return it."""
        self.env.flush_all()
        self.env.invalidate_all()
        record = record.with_env(self.env)
        self.page._fetch(record)
        return record

    def test_reading_again_asks_nothing(self):
        records = (self.env.company.currency_id, self.method, self.provider)
        for record in records:
            self._read(record)
        for record in records:
            self.env.invalidate_all()
            with self.assertQueryCount(0):
                self.page._fetch(record)
                values = [record[name] for name in self.page._get_read_fields(record._name)]
            self.assertIn(record.name, values)

    def test_a_change_is_seen_at_once(self):
        currency = self.env.company.currency_id
        self._read(currency)
        self._read(self.provider)
        currency.write({"rounding": 0.001, "symbol": "¤"})
        self.provider.write(
            {"paylink_fee_percent": 1.5, "paylink_fee_country_ids": self.country.ids}
        )
        currency, provider = self._read(currency), self._read(self.provider)
        self.assertEqual((currency.symbol, currency.decimal_places), ("¤", 3))
        self.assertEqual(provider.paylink_fee_percent, 1.5)
        self.assertEqual(provider.paylink_fee_country_ids, self.country)

    def test_each_language_has_its_own_name(self):
        self.env["res.lang"]._activate_lang("fr_FR")
        names = {"fr_FR": "Carte bancaire", "en_US": "Card"}
        self._read(self.method)
        for lang, name in names.items():
            self.method.with_context(lang=lang).name = name
        for lang in ("fr_FR", "en_US", "fr_FR"):
            page = self.page.with_context(lang=lang)
            method = self._read(self.method).with_env(page.env)
            page._fetch(method)
            self.assertEqual(method.name, names[lang])

    def test_what_is_not_yet_written_stays(self):
        self._read(self.provider)
        self.env.registry.clear_cache()
        self.provider.paylink_fee_fixed = 0.5
        self.page._fetch(self.provider)
        self.assertEqual(self.provider.paylink_fee_fixed, 0.5)
        self.assertEqual(self._read(self.provider).paylink_fee_fixed, 0.5)

    def test_what_is_gone_is_not_kept(self):
        provider = self.provider.copy()
        self._read(provider)
        provider.unlink()
        with self.assertRaises(MissingError):
            self.page._fetch(provider)
