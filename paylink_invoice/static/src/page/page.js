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

if (document.body.dataset.seen) {
    watchForPerson();
    watchDownload();
}
offerCopies();
countCharacters();
watchPayButton();
