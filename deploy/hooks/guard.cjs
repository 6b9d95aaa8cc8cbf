// The first hook of s.yaml: stops runs that would print secrets or send them in the clear, and runs that would ask a
// question that nobody can answer: `s` then changes nothing, and ends as if it had.
const YES = /^(-y|--assume-yes)/;

module.exports = async (inputs, args) => {
    const words = process.argv.slice(2);
    // With DEBUG=true or --debug, the vendor's component speaks http with Function Compute.
    const loud = ["DEBUG", "NODE_DEBUG"].filter((name) => process.env[name]);
    if (words.some((word) => word.startsWith("--debug"))) {
        loud.push("--debug");
    }
    if (loud.length > 0) {
        throw new Error(
            `Nothing was done: with ${loud.join(" and ")}, secrets are printed and sent without TLS. Run it without.`,
        );
    }
    if (process.env.ENV_FILE) {
        throw new Error(
            "Nothing was done: ENV_FILE is read by make alone, and s would take the settings of .env. Use make.",
        );
    }
    if (args?.asks && !words.some((word) => YES.test(word)) && !(process.stdin.isTTY && process.stdout.isTTY)) {
        throw new Error("Nothing was done: without a terminal nobody can answer. Add -y, or use make.");
    }
    return inputs;
};
