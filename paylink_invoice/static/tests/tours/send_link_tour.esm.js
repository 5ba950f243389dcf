/* License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl). */
import {registry} from "@web/core/registry";

/** Give each step a minute: a busy machine is no failure. */
const patiently = (steps) => steps.map((step) => ({timeout: 60000, ...step}));

/** An accountant sends the link of an open invoice and looks at what became of it. */
registry.category("web_tour.tours").add("paylink_send_link", {
    steps: () =>
        patiently([
            {
                content: "Press the button on the posted invoice",
                trigger: ".o_statusbar_buttons button.btn-primary[name=action_paylink_send]",
                run: "click",
            },
            {
                content: "The dialog has its title and the contact of the invoice",
                trigger:
                    ".modal:has(.modal-title:contains('Invoice Link')) [name=partner_ids] .o_tag:contains('Alice')",
            },
            {
                content: "Hide the comment",
                trigger:
                    ".modal [name=comment_line_ids] .o_data_row:contains('new fan') [name=is_shown] input",
                run: "click",
            },
            {
                content: "Write a subject of our own",
                trigger: ".modal [name=subject] input",
                run: "edit Your heat pump",
            },
            {
                content: "Send",
                trigger: ".modal footer button[name=action_send]",
                run: "click",
            },
            {
                content: "It says to whom it was sent",
                trigger: ".o_notification:contains('Alice Moreau')",
            },
            {
                content: "The chatter keeps the message",
                trigger: ".o-mail-Message:contains('View Invoice Details')",
            },
            {
                content: "Open the links of the invoice",
                trigger: "button[name=action_paylink_view_links]",
                run: "click",
            },
            {
                content: "The link is active and not yet viewed",
                trigger:
                    ".o_list_view .o_data_row:contains('Active') td[name=partner_id]:contains('Alice Moreau')",
                run: "click",
            },
            {
                content: "Its form offers to copy it",
                trigger: ".o_form_view button:contains('Copy Link')",
            },
        ]),
});

/** An accountant finds the invoices whose link was sent, and sends those that are not. */
registry.category("web_tour.tours").add("paylink_list", {
    steps: () =>
        patiently([
            {
                content: "Open the filters",
                trigger: ".o_searchview_dropdown_toggler",
                run: "click",
            },
            {
                content: "Filter what was not sent by link",
                trigger: ".o_filter_menu .o_menu_item:contains('Not Sent by Link')",
                run: "click",
            },
            {
                content: "Close the filters",
                trigger: ".o_searchview_dropdown_toggler",
                run: "click",
            },
            {
                content: "Wait for the two: with the rows of before the selection would vanish",
                trigger:
                    ".o_list_view tbody:has(.o_data_row:nth-child(2)):not(:has(.o_data_row:nth-child(3)))",
            },
            {
                content: "Select all that are left",
                trigger: ".o_list_view thead .o_list_record_selector input",
                run: "click",
            },
            {
                content: "Open the actions",
                trigger: ".o_cp_action_menus .dropdown-toggle:contains('Actions')",
                run: "click",
            },
            {
                content: "Send their links",
                trigger: ".o-dropdown--menu .o_menu_item:contains('Send Invoice Link')",
                run: "click",
            },
            {
                content: "The dialog says how many there are",
                trigger: ".modal .alert:contains('invoices')",
            },
            {
                content: "Send",
                trigger: ".modal footer button[name=action_send]",
                run: "click",
            },
            {
                content: "It says that they were sent",
                trigger: ".o_notification:contains('Sent to')",
            },
        ]),
});
