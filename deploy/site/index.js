// A component of Serverless Devs: the page in its bucket. It hands over to deploy/site/publish.py, which says what it does.
const { spawn } = require("node:child_process");
const { existsSync } = require("node:fs");
const { join } = require("node:path");

const project = join(__dirname, "..", "..");
const RUN = join(project, "tools", "run.py");

const PROPS = {
    folder: "Folder whose files are the page",
    bucket: "Name of the page's bucket",
    region: "ID of its region, such as cn-hongkong",
    function: "URL of the function that signs forms",
    upload: "URL that files are posted to",
    domain: "Host name bound to the bucket; without one browsers download the page",
    title: "The page's title",
    logo: "A file in the folder, or a data: address",
    accent: "A colour as #rrggbb",
    footer: "Text at the page's end",
    profile: "The profile that the page uploads by, if not the settings' own rules",
    endpoint: "Where OSS is, if not at the region's own address",
};

module.exports = class Site {
    // Without verify, results of other resources that are not there stay in the props as they are written.
    commands = {
        deploy: {
            help: {
                description: "Publish the page",
                summary: "Sends what has changed, deletes what is no longer part of it",
            },
        },
        remove: {
            help: {
                description: "Delete the page",
                summary: "Deletes what was published, and stops if anything else is there",
            },
            verify: false,
        },
        info: {
            help: { description: "Tell the page's address", summary: "Asks nothing of the cloud" },
            verify: false,
        },
    };

    /** What `s verify`, and every command under `validation: true`, hold the props against. */
    getSchema() {
        return JSON.stringify({
            type: "object",
            properties: Object.fromEntries(
                Object.entries(PROPS).map(([name, description]) => [name, { type: "string", description }]),
            ),
            required: ["folder", "bucket", "region", "function", "upload"],
            additionalProperties: false,
        });
    }

    /** @returns {Promise<{ url: string, domain: string }>} */
    async deploy(inputs) {
        return publish("deploy", inputs);
    }

    /** @returns {Promise<{ removed: number }>} how many files */
    async remove(inputs) {
        return publish("remove", inputs);
    }

    /** @returns {Promise<{ url: string, domain: string }>} */
    async info(inputs) {
        return publish("info", inputs);
    }
};

async function publish(command, inputs) {
    const own = join(project, ".venv", "default", "bin", "python");
    const running = spawn(existsSync(own) ? own : "python3", ["-I", RUN, "deploy.site.publish", command], {
        cwd: project,
        env: environment(command === "info" ? {} : await credential(inputs)),
        stdio: "pipe",
    });
    let said = "";
    let told = "";
    running.stdout.setEncoding("utf8").on("data", (text) => {
        said += text;
    });
    running.stderr.setEncoding("utf8").on("data", (text) => {
        told += text;
        process.stderr.write(text);
    });
    running.stdin.on("error", () => {}); // it has ended before it read: its exit code says so
    running.stdin.end(JSON.stringify(inputs.props));
    const code = await new Promise((resolve, reject) => running.on("error", reject).on("close", resolve));
    if (code !== 0) {
        throw new Error(told.trim().split("\n").pop() || `deploy.site.publish ${command} ended with ${code}`);
    }
    return JSON.parse(said);
}

async function credential(inputs) {
    return inputs.credential ?? (await inputs.getCredential());
}

/** Ours, with these credentials and no others: the three variables come before all others (deploy/credentials.py). */
function environment(credential) {
    const others =
        /^(ALIBABA_CLOUD|OSS)_(ACCESS_KEY_ID|ACCESS_KEY_SECRET|SECURITY_TOKEN|SESSION_TOKEN)$|^(AccessKeyID|AccessKeySecret|SecurityToken)$|_serverless_devs_key$/;
    return {
        ...Object.fromEntries(Object.entries(process.env).filter(([name]) => !others.test(name))),
        AccountID: credential.AccountID ?? "",
        AccessKeyID: credential.AccessKeyID ?? "",
        AccessKeySecret: credential.AccessKeySecret ?? "",
        SecurityToken: credential.SecurityToken ?? "",
    };
}
