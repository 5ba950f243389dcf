/* License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl). */
import {browser} from "@web/core/browser/browser";
import {_t} from "@web/core/l10n/translation";
import {registry} from "@web/core/registry";
import {useService} from "@web/core/utils/hooks";
import {standardWidgetProps} from "@web/views/widgets/standard_widget_props";
import {Component} from "@odoo/owl";

/** Puts a live URL into the clipboard and says so. */
async function copyUrl(url, notification, message) {
    await browser.navigator.clipboard.writeText(url);
    notification.add(message || _t("Link copied. Whoever has it can open the document."), {
        type: "success",
    });
}

/** Copies the live URL of a link. The server computes it for this one click and logs who asked. */
export class PaylinkCopyButton extends Component {
    static template = "paylink_invoice.CopyButton";
    static props = {...standardWidgetProps, linkField: {type: String, optional: true}};

    setup() {
        this.orm = useService("orm");
        this.notification = useService("notification");
    }

    /** The id of the link: this record is one, or has one in a field. */
    get linkId() {
        const {record, linkField} = this.props;
        return linkField ? record.data[linkField].id : record.resId;
    }

    get isShown() {
        const {record, linkField} = this.props;
        // A customer's link is one that was not revoked, and it does not expire.
        return linkField ? Boolean(record.data[linkField]) : record.data.state === "active";
    }

    async onClick() {
        const {url} = await this.orm.call("paylink.link", "action_copy_url", [[this.linkId]]);
        const message = this.props.linkField && _t("Link copied. Whoever has it sees the balance.");
        await copyUrl(url, this.notification, message);
        await this.showNewState();
    }

    /** Shows on the customer's form when the link was handed out, unless somebody is typing. */
    async showNewState() {
        const {record, linkField} = this.props;
        if (linkField && !(await record.isDirty())) {
            await record.load();
        }
    }
}

/** Copies the line for a mail signature, as HTML for mail programs and as plain text. */
export class PaylinkCopySignatureButton extends PaylinkCopyButton {
    static template = "paylink_invoice.CopySignatureButton";

    async onClick() {
        const {html, text} = await this.orm.call("paylink.link", "action_copy_signature", [
            [this.linkId],
        ]);
        await browser.navigator.clipboard.write([
            new window.ClipboardItem({
                "text/html": new Blob([html], {type: "text/html"}),
                "text/plain": new Blob([text], {type: "text/plain"}),
            }),
        ]);
        this.notification.add(
            _t("Copied. Paste it below mails to this very customer, and to nobody else."),
            {type: "success"},
        );
    }
}

const extractProps = ({attrs}) => ({linkField: attrs.link_field});

registry.category("view_widgets").add("paylink_copy_button", {
    component: PaylinkCopyButton,
    extractProps,
});

registry.category("view_widgets").add("paylink_copy_signature_button", {
    component: PaylinkCopySignatureButton,
    extractProps,
});

/** What the dialog "Invoice Link" answers when the link is to be copied instead of sent. */
registry.category("actions").add("paylink_copy_url", async (env, action) => {
    await copyUrl(action.params.url, env.services.notification);
    return {type: "ir.actions.act_window_close"};
});
