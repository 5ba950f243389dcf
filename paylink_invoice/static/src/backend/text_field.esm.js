import {SmsWidget, smsWidget} from "@sms/components/sms_widget/fields_sms_widget";
import {registry} from "@web/core/registry";

/**
 * The text of a message that is counted by the server while somebody types: it knows the length of
 * the link, which stands in the text as a placeholder.
 */
export class PaylinkTextField extends SmsWidget {
    static template = "mail.EmojisTextField";
}

registry.category("fields").add("paylink_text", {...smsWidget, component: PaylinkTextField});
