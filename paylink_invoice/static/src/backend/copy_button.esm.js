/* License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl). */
import {browser} from "@web/core/browser/browser";
import {_t} from "@web/core/l10n/translation";
import {registry} from "@web/core/registry";
import {useService} from "@web/core/utils/hooks";
import {standardWidgetProps} from "@web/views/widgets/standard_widget_props";
import {Component} from "@odoo/owl";

/** Puts a live URL into the clipboard and says so. */
async function copyUrl(url, notification) {
    await browser.navigator.clipboard.writeText(url);
    notification.add(_t("Link copied. Whoever has it can open the document."), {
        type: "success",
    });
}

/** Copies the live URL of a link. The server computes it for this one click and logs who asked. */
export class PaylinkCopyButton extends Component {
    static template = "paylink_invoice.CopyButton";
    static props = {...standardWidgetProps};

    setup() {
        this.orm = useService("orm");
        this.notification = useService("notification");
    }

    async onClick() {
        const {url} = await this.orm.call("paylink.link", "action_copy_url", [
            [this.props.record.resId],
        ]);
        await copyUrl(url, this.notification);
    }
}

registry.category("view_widgets").add("paylink_copy_button", {
    component: PaylinkCopyButton,
});

/** What the dialog "Invoice Link" answers when the link is to be copied instead of sent. */
registry.category("actions").add("paylink_copy_url", async (env, action) => {
    await copyUrl(action.params.url, env.services.notification);
    return {type: "ir.actions.act_window_close"};
});
