/* License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).

   Tells the server that a person looks at this page, and small comforts. The page works without.
   A person is: one gesture that no script can fake, and two seconds in which the page was on a
   screen. Scrolling alone is not enough: scripts scroll. */

const VISIBLE_MS = 2000;
const GESTURES = ["pointerdown", "pointermove", "touchstart", "keydown", "wheel"];

/**
 * @param {String} event "viewed" or "downloaded"
 * @returns {Promise<Boolean>} whether the server has taken it
 */
async function report(event) {
    const {seen, nonce} = document.body.dataset;
    try {
        const response = await fetch(seen, {
            method: "POST",
            headers: {"Content-Type": "application/json"},
            body: JSON.stringify({nonce, event}),
            keepalive: true,
        });
        return response.ok;
    } catch {
        return false;
    }
}

/** Report one view, after a person's gesture and two seconds on the screen, in any order. */
function watchForPerson() {
    let visibleMs = 0;
    let visibleSince = 0;
    let timer = 0;
    let hasGesture = false;
    const stop = new AbortController();

    function update() {
        clearTimeout(timer);
        const now = performance.now();
        if (visibleSince) {
            visibleMs += now - visibleSince;
        }
        visibleSince = document.visibilityState === "visible" ? now : 0;
        if (visibleMs >= VISIBLE_MS && hasGesture) {
            stop.abort();
            report("viewed");
        } else if (visibleSince && visibleMs < VISIBLE_MS) {
            timer = setTimeout(update, VISIBLE_MS - visibleMs + 1);
        }
    }

    function onGesture(ev) {
        if (ev.isTrusted && !hasGesture) {
            hasGesture = true;
            update();
        }
    }

    for (const name of GESTURES) {
        addEventListener(name, onGesture, {passive: true, capture: true, signal: stop.signal});
    }
    document.addEventListener("visibilitychange", update, {signal: stop.signal});
    update();
}

/** Report that the PDF was taken, once. */
function watchDownload() {
    let isReported = false;
    for (const link of document.querySelectorAll("a[href][data-report]")) {
        link.addEventListener("click", (ev) => {
            if (ev.isTrusted && !isReported) {
                isReported = true;
                report(link.dataset.report);
            }
        });
    }
}

/** Offer to copy what is tedious to type, where the browser can. */
function offerCopies() {
    if (!navigator.clipboard) {
        return;
    }
    for (const button of document.querySelectorAll("button[data-copy]")) {
        const label = button.innerHTML;
        button.hidden = false;
        button.addEventListener("click", async () => {
            await navigator.clipboard.writeText(button.dataset.copy);
            button.textContent = button.dataset.copied;
            setTimeout(() => {
                button.innerHTML = label;
            }, 2000);
        });
    }
}

/** Tell how much room is left in a text, once it gets scarce. */
function countCharacters() {
    for (const counter of document.querySelectorAll("[data-counter-of]")) {
        const field = document.getElementById(counter.dataset.counterOf);
        field.addEventListener("input", () => {
            const left = field.maxLength - field.value.length;
            counter.textContent = left < 300 ? `${left} ${counter.dataset.counterText}` : "";
        });
    }
}

/** Show the bar of a phone only while the button in the page is out of sight. */
function watchPayButton() {
    const button = document.querySelector(".o_paylink_pay");
    const bar = document.querySelector(".o_paylink_bar");
    if (button && bar) {
        new IntersectionObserver(([entry]) => {
            bar.classList.toggle("o_paylink_bar_shown", !entry.isIntersecting);
        }).observe(button);
    }
}

/* === What it costs === */

// The server keeps a price for a quarter of an hour; a minute less leaves time to pay it.
const QUOTE_MS = 14 * 60 * 1000;
// Until somebody who types an amount is taken to have finished.
const TYPING_MS = 300;

/**
 * Show what the customer's choice costs, and pay exactly that. The server prices; this only asks.
 * Where it cannot be asked, the form is sent as it is and the next page tells the price.
 *
 * @param {HTMLFormElement} form
 */
function watchPrice(form) {
    const find = (selector) => form.querySelector(selector);
    const {quote: url, changed: changedText} = form.dataset;
    const tick = find("[name=fee_accepted]");
    const picks = document.querySelectorAll("[name=document][form=o_paylink_pay]");
    const other = form.elements.amount_other;
    const label = find(".o_paylink_pay_label");
    const barSum = document.querySelector(".o_paylink_bar_sum");
    const [fieldError, formError] = [find("#o_paylink_other_error"), find(":scope > [role=alert]")];
    const unpriced = find(".o_paylink_pay_on")?.textContent;
    let quote = null;
    let turn = 0;
    let timer = 0;

    const getWish = () => {
        const body = new URLSearchParams(new FormData(form));
        body.delete("fee_accepted");
        body.delete("quote");
        return body.toString();
    };
    let shownWish = getWish();
    const isOther = () => find("[name=amount]:checked")?.value === "other";

    function showError(text, isOfField) {
        formError.textContent = isOfField ? "" : text;
        if (fieldError) {
            fieldError.textContent = isOfField ? text : "";
            other.setAttribute("aria-invalid", Boolean(isOfField && text));
        }
    }

    function showRows(rows) {
        const list = document.createElement("dl");
        list.className = "o_paylink_totals";
        for (const row of rows.length > 1 ? rows : []) {
            const line = document.createElement("div");
            line.className = `o_paylink_total_${row.kind}`;
            for (const [tag, text] of Object.entries({dt: row.label, dd: row.amount})) {
                const bdi = document.createElement("bdi");
                bdi.textContent = text;
                line.appendChild(document.createElement(tag)).append(bdi);
            }
            list.append(line);
        }
        find(".o_paylink_price").replaceChildren(...(list.children.length ? [list] : []));
    }

    function showFee(text) {
        if (tick && tick.nextElementSibling.textContent !== text) {
            // Who has agreed to another fee has not agreed to this one.
            tick.checked = false;
            tick.nextElementSibling.textContent = text;
        }
        if (tick) {
            tick.parentElement.hidden = !text;
            tick.required = Boolean(text);
        }
    }

    function show({display, fee_text: feeText}) {
        showRows(display.rows);
        showFee(feeText || "");
        label.textContent = display.label;
        barSum.textContent = display.total;
        for (const tip of form.querySelectorAll("[data-tip]")) {
            tip.textContent = display.tips[tip.dataset.tip];
        }
        shownWish = getWish();
        const isFull = (find("[name=amount]:checked")?.value ?? "full") === "full";
        const isChanged = isFull && form.dataset.base && display.base !== form.dataset.base;
        form.dataset.base = isFull ? display.base : form.dataset.base;
        showError(isChanged ? changedText : "");
    }

    function showNothing() {
        showRows([]);
        showFee("");
        label.textContent = unpriced;
    }

    /**
     * @param {Boolean} isTyping whether what cannot be paid may still become what can
     * @returns {Promise<Object>} the server's answer; empty if there is none, null if it is stale
     */
    async function ask(isTyping = false) {
        const mine = ++turn;
        let answer = {};
        quote = null;
        const body = new URLSearchParams(getWish());
        try {
            const headers = {Accept: "application/json"};
            const response = await fetch(url, {method: "POST", headers, body});
            answer = await response.json();
        } catch {
            // No network, or no answer that a script can read.
        }
        if (mine !== turn) {
            return null;
        }
        if (answer.quote) {
            quote = {...answer, end: Date.now() + QUOTE_MS};
            show(answer);
        } else {
            showNothing();
            showError((!isTyping && answer.message) || "", answer.code === "invalid_amount");
        }
        return answer;
    }

    /** Keep the ticks of documents and the choice of an amount in step. */
    function followTicks(target) {
        if (target.name === "document") {
            // Whoever ticks what to pay wants to pay just that; nothing ticked is everything again.
            const isAny = Array.from(picks).some((pick) => pick.checked);
            find(`[name=amount][value=${isAny ? "chosen" : "full"}]`).checked = true;
        } else if (target.name === "amount" && target.value !== "chosen") {
            // Another choice; the server takes ticks without one for what is to be paid.
            picks.forEach((pick) => (pick.checked = false));
        }
    }

    function onChoice({target, type}) {
        if (target === tick || !url) {
            return;
        }
        followTicks(target);
        clearTimeout(timer);
        if (other) {
            other.required = isOther();
        }
        if (isOther() && !other.value.trim()) {
            turn += 1;
            quote = null;
            showNothing();
            showError("");
        } else if (type === "change") {
            onChosen();
        } else if (target === other) {
            timer = setTimeout(ask, TYPING_MS, true);
        }
    }

    function onChosen() {
        // Leaving the field of an amount that was priced while it was typed is no new choice.
        if (!quote || getWish() !== shownWish) {
            ask();
        }
    }

    /** Pay what is shown, or show first what it has become meanwhile. */
    function settle(answer, isChanged) {
        const isAgreed = !answer.fee_text || tick.checked;
        if (answer.quote ? isAgreed && !isChanged : !answer.message) {
            form.submit();
        } else if (answer.quote) {
            showError(isChanged ? changedText : "");
            tick?.reportValidity();
        }
    }

    async function onSubmit(ev) {
        ev.preventDefault();
        clearTimeout(timer);
        const shown = label.textContent;
        const isPriced = shown !== unpriced && getWish() === shownWish;
        const isFresh = quote && Date.now() < quote.end;
        const answer = isFresh ? quote : await ask();
        if (answer) {
            settle(answer, isPriced && label.textContent !== shown);
        }
    }

    form.addEventListener("input", onChoice);
    form.addEventListener("change", onChoice);
    for (const pick of picks) {
        // Beside the form, in the list of documents.
        pick.addEventListener("change", onChoice);
    }
    form.addEventListener("formdata", ({formData}) => quote && formData.set("quote", quote.quote));
    // The fold is the choice: open is another amount, closed is everything.
    find(".o_paylink_part")?.addEventListener("toggle", ({target}) => {
        const choice = find(`[name=amount][value=${target.open ? "other" : "full"}]`);
        choice.checked = true;
        choice.dispatchEvent(new Event("change", {bubbles: true}));
        if (target.open) {
            other.focus();
        }
    });
    if (url) {
        form.addEventListener("submit", onSubmit);
        showFee(tick?.nextElementSibling.textContent);
    }
}

if (document.body.dataset.seen) {
    watchForPerson();
    watchDownload();
}
offerCopies();
countCharacters();
watchPayButton();
const payForm = document.getElementById("o_paylink_pay");
if (payForm?.querySelector(".o_paylink_price")) {
    watchPrice(payForm);
}
