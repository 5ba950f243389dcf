/* License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl). */
import {
    EmojisTextField,
    emojisTextField,
} from "@mail/views/web/fields/emojis_text_field/emojis_text_field";
import {registry} from "@web/core/registry";
import {useDebounced} from "@web/core/utils/timing";
import {useEffect} from "@odoo/owl";

const PAUSE = 300; // Milliseconds without a key, then the server counts.

/**
 * The words of a text message. They are counted while somebody types, by the server: it knows how
 * long the link is, which stands in the text as a placeholder.
 */
export class PaylinkTextField extends EmojisTextField {
    setup() {
        super.setup();
        const report = useDebounced(
            (value) => this.props.record.update({[this.props.name]: value}),
            PAUSE,
        );
        useEffect(
            (element) => {
                const onInput = () => report(element.value);
                element?.addEventListener("input", onInput);
                return () => element?.removeEventListener("input", onInput);
            },
            () => [this.targetEditElement.el],
        );
    }
}

registry.category("fields").add("paylink_text", {...emojisTextField, component: PaylinkTextField});
