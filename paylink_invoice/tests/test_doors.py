# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""One open attempt per invoice: links, portal, payment links and staff respect each other."""

from datetime import timedelta

from odoo import Command, fields
from odoo.exceptions import AccessError, UserError
from odoo.tests import mute_logger, new_test_user, tagged

from ..models.paylink_link_quote import Wish
from .test_payment import HTTP_LOG, TRANSACTION_LOG, PaymentCase


class DoorCase(PaymentCase):
    def _register(self, move=None, **values):
        """Press "Create Payment" in the dialog "Register Payment" as the one who bills."""
        return self._open_register(move, **values).action_create_payments()

    def _open_register(self, move=None, **values):
        context = {"active_model": "account.move", "active_ids": (move or self.posted_invoice).ids}
        dialogs = self.env["account.payment.register"].with_user(self.biller)
        return dialogs.with_context(**context).create(values)

    def _start_portal(self, move=None, **params):
        """Start a payment as Odoo's payment form in the portal does; return the transaction."""
        move = move or self.posted_invoice
        values = {
            "provider_id": self.provider.id,
            "payment_method_id": self.payment_method_id,
            "token_id": None,
            "amount": 100.0,
            "flow": "redirect",
            "tokenization_requested": False,
            "landing_route": "/my/invoices",
            "access_token": move._portal_ensure_token(),
            **params,
        }
        return self._call(f"/invoice/transaction/{move.id}", values)

    def _call(self, path, params):
        """Post what Odoo's payment form does.

        :return: the transaction, or the sentence that the form shows in a dialog
        """
        response = self.url_open(path, json={"jsonrpc": "2.0", "id": 1, "params": params})
        answer = response.json()
        if "error" in answer:
            return answer["error"]["data"]["message"]
        return self._get_tx(answer["result"]["reference"])

    def _refuse_portal(self, move=None, **params):
        """Return the sentence with which the portal refuses to start a payment."""
        count = self.env["payment.transaction"].search_count([])
        with mute_logger(HTTP_LOG):
            message = self._start_portal(move, **params)
        self.assertEqual(self.env["payment.transaction"].search_count([]), count)
        self.assertIsInstance(message, str)
        return message

    def _make_older(self, tx, minutes=16):
        self.env.cr.execute(
            "UPDATE payment_transaction SET create_date = create_date - %s * interval '1 minute' "
            "WHERE id = %s",
            [minutes, tx.id],
        )
        tx.invalidate_recordset()

    def _format_time(self, moment):
        return self.env["payment.transaction"].with_context(tz="UTC")._paylink_format_time(moment)


@tagged("post_install", "-at_install", "paylink", "slow")
class TestStaffDoor(DoorCase):
    def test_staff_register_no_payment_while_a_customer_is_paying(self):
        tx = self._start()
        with self.assertRaises(UserError) as caught:
            self._register()
        message = str(caught.exception)
        for part in (
            self.posted_invoice.name,
            "Alice Moreau",
            self.posted_invoice.currency_id.format(100.0),
            self._format_time(tx.create_date),
            self._format_time(tx.create_date + timedelta(minutes=15)),
            "release",
        ):
            self.assertIn(part, message)
        self.assertEqual(self.posted_invoice.amount_residual, 100.0)

    def test_staff_register_a_payment_once_the_attempt_is_over(self):
        self._make_older(self._start())
        self._register()
        self.assertEqual(self.posted_invoice.amount_residual, 0.0)

    def test_staff_register_no_payment_while_money_is_pending(self):
        self._as_card_provider()
        for state in ("pending", "authorized", "done"):
            with self.subTest(state=state):
                tx = self._start(self._create_link(move := self._create_invoice()))
                tx.write({"state": state, "last_state_change": fields.Datetime.now()})
                with self.assertRaises(UserError) as caught:
                    self._register(move)
                self.assertIn(tx.reference, str(caught.exception))

    def test_announced_transfer_keeps_staff_from_nothing(self):
        self._start()._set_pending()
        self._register()
        self.assertEqual(self.posted_invoice.amount_residual, 0.0)

    def test_money_that_is_never_booked_does_not_lock_staff_out(self):
        tx = self._start()
        tx._set_done()
        tx.last_state_change = fields.Datetime.now() - timedelta(hours=2)
        self._register()
        self.assertEqual(self.posted_invoice.amount_residual, 0.0)

    def test_dialog_that_was_open_while_the_customer_paid_registers_nothing(self):
        dialog = self._open_register()
        tx = self._start()
        self._settle(tx)
        with self.assertRaises(UserError) as caught:
            dialog.action_create_payments()
        self.assertIn("paid already", str(caught.exception))
        self.assertEqual(len(self.posted_invoice.reconciled_payment_ids), 1)

    def test_payment_of_several_invoices_names_the_one_that_waits(self):
        other = self._create_invoice()
        self._start()
        with self.assertRaises(UserError) as caught:
            self._register(other | self.posted_invoice, group_payment=True)
        self.assertIn(self.posted_invoice.name, str(caught.exception))
        self.assertNotIn(other.name, str(caught.exception))

    def _create_payment(self, **values):
        return self.env["account.payment"].create(
            {
                "payment_type": "inbound",
                "partner_type": "customer",
                "partner_id": self.customer.id,
                "amount": 100.0,
                "journal_id": self.company_data["default_journal_bank"].id,
                **values,
            }
        )

    def test_payment_for_an_invoice_is_not_posted_while_a_customer_is_paying(self):
        self._start()
        payment = self._create_payment(invoice_ids=[Command.set(self.posted_invoice.ids)])
        with self.assertRaises(UserError):
            payment.with_user(self.biller).action_post()
        self._create_payment().action_post()

    def test_earlier_payment_is_not_used_while_a_customer_is_paying(self):
        payment = self._create_payment()
        payment.action_post()
        line = payment.move_id.line_ids.filtered(
            lambda line: line.account_id.account_type == "asset_receivable"
        )
        tx = self._start()
        with self.assertRaises(UserError):
            self.posted_invoice.js_assign_outstanding_line(line.id)
        tx._paylink_give_up("test")
        self.posted_invoice.js_assign_outstanding_line(line.id)
        self.assertEqual(self.posted_invoice.amount_residual, 0.0)

    def test_staff_charge_no_saved_card_while_a_customer_is_paying(self):
        self._start()
        token = self._create_token(partner_id=self.customer.id)
        payment = self._create_payment(payment_token_id=token.id)
        context = {"active_model": "account.move", "active_ids": self.posted_invoice.ids}
        with self.assertRaises(UserError) as caught:
            payment.with_context(**context)._create_payment_transaction()
        self.assertIn("Alice Moreau", str(caught.exception))

    def test_invoice_without_a_link_is_left_alone(self):
        move = self._create_invoice()
        first, second = self._start_portal(move), self._start_portal(move)
        self.assertEqual({first.state, second.state}, {"draft"})
        self._register(move)
        self.assertEqual(move.amount_residual, 0.0)

    def test_customer_pays_nothing_after_staff_have_registered_it(self):
        self._register()
        self._assert_refused(self._post(), 409, "paid")
        self.assertIn("paid already", self._refuse_portal())


@tagged("post_install", "-at_install", "paylink", "slow")
class TestPortalDoor(DoorCase):
    def test_attempt_of_a_link_keeps_the_portal_from_starting_another(self):
        tx = self._start()
        message = self._refuse_portal()
        self.assertIn(self._format_time(tx.create_date + timedelta(minutes=15)), message)
        # Who has only the portal's address learns no name.
        self.assertNotIn("Alice", message)
        self.assertEqual(self.transactions, tx)

    def test_portal_starts_again_without_waiting_for_itself(self):
        first = self._start_portal()
        second = self._start_portal()
        self.assertEqual((first.state, second.state), ("cancel", "draft"))
        self.assertTrue(first.paylink_is_given_up)
        self._settle(first)
        self.assertEqual(self.posted_invoice.amount_residual, 0.0)

    def test_portal_starts_once_the_attempt_of_a_link_is_over(self):
        tx = self._start()
        self._make_older(tx)
        self.assertEqual(self._start_portal().state, "draft")
        self.assertEqual(tx.state, "cancel")
        self.assertTrue(tx.paylink_is_given_up)

    def test_two_people_in_the_portal_do_not_pay_at_once(self):
        user = self._create_new_portal_user(login="paylink_portal", parent_id=self.customer.id)
        self._start_portal()
        self.authenticate("paylink_portal", "paylink_portal")
        self.assertEqual(user.commercial_partner_id, self.customer)
        self.assertIn("Somebody started", self._refuse_portal())

    def test_attempt_in_the_portal_keeps_staff_from_registering_a_payment(self):
        self._start_portal()
        with self.assertRaises(UserError) as caught:
            self._register()
        self.assertIn("portal", str(caught.exception))

    def test_pending_money_keeps_the_portal_from_starting_another(self):
        self._as_card_provider()
        self._start()._set_pending()
        self.assertIn("not confirmed yet", self._refuse_portal())

    def test_portal_pays_no_more_than_is_owed(self):
        self.assertIn("100.00", self._refuse_portal(amount=100.01))
        self._register(amount=60.0)
        self.assertIn("40.00", self._refuse_portal())
        self.assertEqual(self._start_portal(amount=40.0).amount, 40.0)

    def test_overdue_invoices_are_not_paid_while_one_of_them_is(self):
        user = self._create_new_portal_user(login="paylink_portal")
        user.partner_id.property_account_receivable_id = (
            self.customer.property_account_receivable_id
        )
        overdue = self.env["account.move"].union(
            *(
                self._create_invoice(
                    partner_id=user.partner_id.id,
                    invoice_date="2024-01-01",
                    invoice_date_due="2024-01-15",
                )
                for _number in range(2)
            )
        )
        tx = self._start(self._create_link(overdue[0], user.partner_id))
        self.authenticate("paylink_portal", "paylink_portal")
        params = {
            "provider_id": self.provider.id,
            "payment_method_id": self.payment_method_id,
            "token_id": None,
            "amount": 200.0,
            "flow": "redirect",
            "tokenization_requested": False,
            "landing_route": "/my/invoices",
            "payment_reference": "BATCH/1",
        }
        with mute_logger(HTTP_LOG):
            message = self._call("/invoice/transaction/overdue", params)
        self.assertIn("Somebody started", message)
        tx._paylink_give_up("test")
        tx = self._call("/invoice/transaction/overdue", params)
        self.assertEqual(tx.invoice_ids, overdue)

    def test_attempt_in_the_portal_keeps_a_link_from_starting(self):
        self._start_portal()
        self._assert_refused(self._post(), 409, "in_progress")

    @mute_logger(TRANSACTION_LOG)
    def test_refunds_and_captures_pass(self):
        tx = self._start()
        self._settle(tx)
        for values in (
            {"operation": "refund", "amount": -100.0, "source_transaction_id": tx.id},
            {"operation": "online_direct", "amount": 50.0, "source_transaction_id": tx.id},
            {"operation": "validation", "amount": 0.0},
        ):
            created = self._create_transaction(
                "redirect",
                reference=f"CHILD {values['amount']}",
                invoice_ids=[Command.set(self.posted_invoice.ids)],
                **values,
            )
            self.assertTrue(created)


@tagged("post_install", "-at_install", "paylink", "slow")
class TestRelease(DoorCase):
    def test_banner_tells_who_is_paying_and_until_when(self):
        self.assertFalse(self.posted_invoice.paylink_attempt_notice)
        tx = self._start()
        move = self.posted_invoice.with_user(self.biller)
        notice = move.paylink_attempt_notice
        for part in ("Alice Moreau", "100.00", self._format_time(tx.create_date)):
            self.assertIn(part, notice)
        self.assertTrue(move.paylink_is_releasable)
        self._make_older(tx)
        self.posted_invoice.invalidate_recordset()
        self.assertFalse(move.paylink_attempt_notice)

    def test_released_invoice_can_be_paid_in_another_way(self):
        tx = self._start()
        self.posted_invoice.with_user(self.biller).action_paylink_release()
        self.assertEqual(tx.state, "cancel")
        self.assertTrue(tx.paylink_is_given_up)
        self._register()
        self.assertEqual(self.posted_invoice.amount_residual, 0.0)

    def test_release_is_told_in_the_chatter_as_a_deed_of_staff(self):
        self._start()
        self.posted_invoice.with_user(self.biller).action_paylink_release()
        message = self.posted_invoice.message_ids[0]
        self.assertIn("Marta Rossi released the invoice", message.body)
        self.assertEqual(message.author_id, self.biller.partner_id)

    def test_payment_can_be_released_on_its_own_form(self):
        tx = self._start().with_user(self.biller)
        self.assertTrue(tx.paylink_is_releasable)
        tx.action_paylink_release()
        self.assertEqual(tx.state, "cancel")
        self.assertFalse(tx.paylink_is_releasable)
        with self.assertRaises(UserError):
            tx.action_paylink_release()

    def test_released_money_that_comes_after_all_is_booked(self):
        tx = self._start()
        self.posted_invoice.with_user(self.biller).action_paylink_release()
        self._settle(tx)
        self.assertEqual(self.posted_invoice.amount_residual, 0.0)

    def test_payment_that_nobody_confirms_can_be_released(self):
        self._as_card_provider()
        tx = self._start()
        tx._set_pending()
        self.posted_invoice.with_user(self.biller).action_paylink_release()
        self.assertEqual(tx.state, "cancel")
        self._register()

    def test_money_that_is_reserved_or_has_come_is_not_released(self):
        self._as_card_provider()
        tx = self._start()
        for state in ("authorized", "done"):
            tx.state = state
            self.posted_invoice.invalidate_recordset()
            self.assertTrue(self.posted_invoice.paylink_attempt_notice)
            self.assertFalse(self.posted_invoice.paylink_is_releasable)
            with self.assertRaises(UserError):
                self.posted_invoice.with_user(self.biller).action_paylink_release()
            with self.assertRaises(UserError):
                tx.with_user(self.biller).action_paylink_release()
            self.assertEqual(tx.state, state)

    def test_only_who_may_send_links_may_release(self):
        tx = self._start()
        auditor = new_test_user(
            self.env,
            "paylink_auditor",
            "base.group_user,account.group_account_readonly",
            company_id=self.company.id,
        )
        stranger = new_test_user(
            self.env,
            "paylink_stranger",
            "account.group_account_invoice",
            company_id=self.setup_other_company(name="Other")["company"].id,
        )
        for user in (auditor, self.employee, stranger):
            for record in (self.posted_invoice, tx):
                with self.subTest(user=user.login, model=record._name):
                    # In the company that the user has.
                    records = self.env(user=user, context={})[record._name]
                    with self.assertRaises(AccessError):
                        records.browse(record.id).action_paylink_release()
        self.assertEqual(tx.state, "draft")

    def test_nothing_to_release_is_said(self):
        with self.assertRaises(UserError):
            self.posted_invoice.with_user(self.biller).action_paylink_release()

    def test_lists_of_invoices_do_not_ask_for_attempts(self):
        views = self.env["account.move"].with_user(self.biller).get_views([(False, "list")])
        self.assertNotIn("paylink_attempt_notice", views["views"]["list"]["arch"])


@tagged("post_install", "-at_install", "paylink", "slow")
class TestLateMoney(DoorCase):
    @mute_logger(TRANSACTION_LOG)
    def test_task_about_a_second_success_names_base_tip_and_fee(self):
        self.company.paylink_is_tip_enabled = True
        self.provider.write({"paylink_fee_percent": 2.9, "paylink_fee_fixed": 0.3})
        quote_sudo = self.link._quote(Wish(tip="18"))
        quote_sudo._accept_fee({"ip_address": "192.0.2.1", "user_agent": "Phone"})
        option = quote_sudo._get_option_id()
        first = self.link._start_payment(option, "redirect", quote_sudo.reference)
        second = self.link._start_payment(option, "direct", quote_sudo.reference)
        self._settle(second)
        self._settle(first)
        self.assertEqual(self.posted_invoice.amount_residual, 0.0)
        reference = f"<bdi>{first.reference}</bdi>"
        task = self.posted_invoice.activity_ids.filtered(lambda task: reference in task.note)
        note = str(task.note).replace("&nbsp;", "\N{NO-BREAK SPACE}")
        for amount in (121.72, 100.0, 18.0, 3.72):
            self.assertIn(self.posted_invoice.currency_id.format(amount), note)
