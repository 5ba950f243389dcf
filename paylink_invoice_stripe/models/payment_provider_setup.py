# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Set-up in three clicks: paste a key, create the webhook, publish."""

import re

from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError

from ..stripe_api import CODE, StripeFailure

SECRET_KEY = re.compile(r"(?:sk|rk)_(?P<mode>test|live)_\w{8,}")
# What the mode of a key is as the state of the provider.
STATE_OF_MODE = {"test": "test", "live": "enabled"}


class PaymentProviderSetup(models.Model):
    _inherit = "payment.provider"

    paylink_stripe_secret_key = fields.Char(
        string="Stripe Secret Key",
        help="Of Stripe's page “API keys”. It begins with sk_test_ or sk_live_, or with rk_ where it "
        "is restricted.",
        required_if_provider=CODE,
        copy=False,
        groups="base.group_system",
    )
    paylink_stripe_account = fields.Char(
        string="Stripe Account",
        help="Whose account the key belongs to, as Stripe said when it was asked last.",
        copy=False,
        readonly=True,
        groups="base.group_system",
    )
    paylink_stripe_account_ref = fields.Char(
        string="Stripe Account Reference",
        help="The account as Stripe's API names it, e.g. acct_1AbC.",
        copy=False,
        readonly=True,
        groups="base.group_system",
    )
    paylink_stripe_mode = fields.Selection(
        string="Mode",
        help="With a test key no money moves.",
        selection=[("test", "Test"), ("live", "Live")],
        compute="_compute_paylink_stripe_mode",
        groups="base.group_system",
    )
    paylink_stripe_can_copy_key = fields.Boolean(
        compute="_compute_paylink_stripe_can_copy_key", groups="base.group_system"
    )

    # === COMPUTE METHODS === #

    @api.depends("paylink_stripe_secret_key")
    def _compute_paylink_stripe_mode(self):
        for provider in self:
            key = SECRET_KEY.fullmatch(provider.paylink_stripe_secret_key or "")
            provider.paylink_stripe_mode = key and key["mode"]

    @api.depends("code", "company_id")
    def _compute_paylink_stripe_can_copy_key(self):
        for provider in self:
            provider.paylink_stripe_can_copy_key = provider.code == CODE and bool(
                provider._paylink_stripe_get_key_of_odoo()
            )

    @api.onchange("paylink_stripe_secret_key")
    def _onchange_paylink_stripe_secret_key(self):
        """Ask Stripe about a key as soon as it is pasted.

        A new key of the same account goes on with its webhook; with another account all begins anew.
        """
        self.paylink_stripe_account = False
        self.paylink_stripe_account_ref = False
        self.paylink_stripe_webhook_secret = False
        key = (self.paylink_stripe_secret_key or "").strip()
        self.paylink_stripe_secret_key = key
        if self.code != CODE or not key:
            return None
        try:
            self._paylink_stripe_check_key()
        except UserError as error:
            title = self.env._("The key could not be verified")
            return {"warning": {"title": title, "message": str(error)}}
        if self._paylink_stripe_is_same_account(self._origin):
            self.paylink_stripe_webhook_secret = self._origin.paylink_stripe_webhook_secret
        else:
            # So that it can be saved, and the webhook be made.
            self.state = "disabled"
        return None

    @api.constrains("paylink_stripe_secret_key", "state")
    def _check_paylink_stripe_key(self):
        for provider in self.sudo().filtered(lambda provider: provider.code == CODE):
            key = provider.paylink_stripe_secret_key
            if not key:
                continue
            provider._paylink_stripe_check_form(key)
            if provider.state not in ("disabled", STATE_OF_MODE[provider.paylink_stripe_mode]):
                raise ValidationError(provider._paylink_stripe_explain_mode())

    # === CRUD METHODS === #

    def write(self, vals):
        # EXTENDS 'payment': nobody would hear any more of what is paid with the key before.
        if "paylink_stripe_secret_key" in vals:
            left = self.filtered(lambda provider: provider._paylink_stripe_is_left_by(vals))
            left._paylink_stripe_close_pages()
            left._paylink_stripe_forget_webhook()
        return super().write(vals)

    def _paylink_stripe_is_left_by(self, vals):
        """Tell whether other values have the provider leave its account, or the mode of its key."""
        key, new_key = self.sudo().paylink_stripe_secret_key, vals["paylink_stripe_secret_key"]
        # Another key may be of the same account. In use it is checked, and perhaps not written.
        if not key or key == new_key or vals.get("state", self.state) != "disabled":
            return False
        account = self.sudo().paylink_stripe_account_ref
        modes = {
            match and match["mode"] for match in map(SECRET_KEY.fullmatch, (key, new_key or ""))
        }
        return len(modes) > 1 or vals.get("paylink_stripe_account_ref", account) != account

    def _get_reset_values(self):
        # EXTENDS 'payment'
        if self.code != CODE:
            return super()._get_reset_values()
        return self._paylink_stripe_get_empty_values()

    def _get_removal_values(self):
        # EXTENDS 'payment'
        return {**super()._get_removal_values(), **self._paylink_stripe_get_empty_values()}

    def _paylink_stripe_get_empty_values(self):
        return dict.fromkeys(
            (
                "paylink_stripe_secret_key",
                "paylink_stripe_account",
                "paylink_stripe_account_ref",
                "paylink_stripe_webhook_secret",
                "paylink_stripe_webhook_ref",
                "paylink_stripe_webhook_url",
            ),
            False,
        )

    # === ACTION METHODS === #

    def action_paylink_stripe_check(self):
        """Ask Stripe whose account the key belongs to, and say what it answers.

        :raise UserError: if the key does not work
        """
        self.ensure_one()
        self.check_access("write")
        self._paylink_stripe_check_key()
        return self._paylink_stripe_notify(
            self.env._("Stripe knows this key: %(account)s.", account=self.paylink_stripe_account)
        )

    def action_paylink_stripe_copy_key(self):
        """Take the secret key of Odoo's own Stripe provider of the same company."""
        self.ensure_one()
        self.check_access("write")
        key = self._paylink_stripe_get_key_of_odoo()
        if not key:
            raise UserError(self.env._("Odoo's own Stripe provider of this company has no key."))
        self.write({**self._paylink_stripe_get_empty_values(), "paylink_stripe_secret_key": key})
        return self.action_paylink_stripe_check()

    # === KEY === #

    def _paylink_stripe_check_key(self):
        """Ask Stripe whose account the key belongs to, and note it.

        :raise UserError: if the key is none, or Stripe does not accept it
        """
        self.ensure_one()
        self._paylink_stripe_check_form(self.paylink_stripe_secret_key or "")
        try:
            account = self._paylink_stripe_call("accounts.retrieve_current")
        except StripeFailure as failure:
            raise UserError(self._paylink_stripe_explain(failure)) from None
        self.paylink_stripe_account = self._paylink_stripe_describe_account(account)
        self.paylink_stripe_account_ref = account["id"]

    def _paylink_stripe_check_form(self, key):
        """Raise a `ValidationError` unless a text can be a secret key."""
        if key.startswith("pk_"):
            raise ValidationError(
                self.env._(
                    "This is the publishable key. Paste the secret key, which begins with sk_ or rk_."
                )
            )
        if not SECRET_KEY.fullmatch(key):
            raise ValidationError(
                self.env._(
                    "This is no secret key of Stripe: those begin with sk_test_ or sk_live_, or with "
                    "rk_ where they are restricted."
                )
            )

    def _paylink_stripe_describe_account(self, account):
        """Return whose account it is, e.g. "Northwind Heating (acct_1AbC), test mode"."""
        dashboard = (account.get("settings") or {}).get("dashboard") or {}
        profile = account.get("business_profile") or {}
        name = dashboard.get("display_name") or profile.get("name") or account.get("email")
        words = {"name": name or self.env._("without a name"), "account": account["id"]}
        if self.paylink_stripe_mode == "test":
            return self.env._("%(name)s (%(account)s), test mode: no money moves", **words)
        if not account.get("charges_enabled"):
            return self.env._(
                "%(name)s (%(account)s), which Stripe does not allow to take payments yet", **words
            )
        return self.env._("%(name)s (%(account)s), live", **words)

    def _paylink_stripe_is_same_account(self, other):
        """Tell whether Stripe has told of the same account as for another provider, in one mode."""
        return (
            self.paylink_stripe_account_ref == other.paylink_stripe_account_ref
            and self.paylink_stripe_mode == other.paylink_stripe_mode
        )

    def _paylink_stripe_explain_mode(self):
        """Return what is wrong with a state that does not fit the key."""
        if self.paylink_stripe_mode == "test":
            return self.env._(
                "This is a test key: no money moves. Choose Test Mode, or paste the live key."
            )
        return self.env._(
            "This is a live key: real money moves. Choose Enabled, or paste the test key."
        )

    def _paylink_stripe_explain(self, failure):
        """Return what a :class:`StripeFailure` means to whoever sets the provider up."""
        if failure.is_lost:
            return self.env._(
                "Stripe did not answer. Check that this server may reach the Internet, and try "
                "again. (%(message)s)",
                message=failure.message,
            )
        if failure.code == "url_invalid":
            return self.env._(
                "Stripe cannot reach this server at %(url)s. Enter its public https address in "
                "Settings > Invoice Links, and try again. (%(message)s)",
                url=self.company_id._paylink_get_base_url(),
                message=failure.message,
            )
        return self.env._("Stripe says: %(message)s", message=failure.message)

    def _paylink_stripe_get_key_of_odoo(self):
        """Return the secret key of Odoo's own Stripe provider of the company; `payment_stripe` need
        not be installed."""
        self.ensure_one()
        if "stripe_secret_key" not in self._fields:
            return False
        others = self.search([("code", "=", "stripe"), ("company_id", "=", self.company_id.id)])
        keys = others.mapped("stripe_secret_key")
        return next((key for key in keys if SECRET_KEY.fullmatch(key or "")), False)

    @api.model
    def _paylink_stripe_notify(self, message):
        """Return the action that shows a message, and the form anew."""
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "type": "success",
                "message": message,
                "next": {"type": "ir.actions.client", "tag": "soft_reload"},
            },
        }
