// Part of paylink_invoice. License LGPL-3 or later (https://www.gnu.org/licenses/lgpl).
// Rules are named here, not imported: the file then works wherever eslint is installed.
const rules = {
    "array-callback-return": "error",
    complexity: ["error", 10],
    "consistent-return": "error",
    "default-case-last": "error",
    eqeqeq: ["error", "always", {null: "ignore"}],
    "no-alert": "error",
    "no-cond-assign": "error",
    "no-const-assign": "error",
    "no-constant-condition": "error",
    "no-debugger": "error",
    "no-dupe-args": "error",
    "no-dupe-class-members": "error",
    "no-dupe-else-if": "error",
    "no-dupe-keys": "error",
    "no-duplicate-case": "error",
    "no-empty": "error",
    "no-eval": "error",
    "no-fallthrough": "error",
    "no-implied-eval": "error",
    "no-redeclare": "error",
    "no-self-assign": "error",
    "no-self-compare": "error",
    "no-shadow": "error",
    "no-undef": "error",
    "no-unreachable": "error",
    "no-unsafe-finally": "error",
    "no-unused-expressions": "error",
    "no-unused-vars": "error",
    "no-use-before-define": ["error", {functions: false}],
    "no-useless-catch": "error",
    "no-useless-return": "error",
    "no-var": "error",
    "object-shorthand": "error",
    "prefer-const": "error",
    "prefer-template": "error",
    radix: "error",
    "require-await": "error",
    "use-isnan": "error",
    "valid-typeof": "error",
};

const globalsOf = (names) => Object.fromEntries(names.split(" ").map((name) => [name, "readonly"]));

const browser = globalsOf(
    "AbortController Blob CustomEvent Event EventTarget FormData HTMLElement Headers Intl " +
        "IntersectionObserver MutationObserver Node Request ResizeObserver Response URL " +
        "URLSearchParams addEventListener clearInterval clearTimeout console crypto document fetch " +
        "history location localStorage matchMedia navigator performance queueMicrotask " +
        "removeEventListener requestAnimationFrame sessionStorage setInterval setTimeout window",
);
const node = globalsOf("Buffer URL clearTimeout console fetch process setTimeout");

export default [
    {ignores: ["**/static/lib/**", "docs/**"]},
    {
        files: ["**/*.js"],
        languageOptions: {ecmaVersion: 2022, sourceType: "module", globals: browser},
        linterOptions: {reportUnusedDisableDirectives: "error"},
        rules,
    },
    {
        files: ["**/*.mjs"],
        languageOptions: {ecmaVersion: 2024, sourceType: "module", globals: {...node, ...browser}},
        rules,
    },
];
