// The vendor's JavaScript SDK as a second signer: one JSON request a line on stdin, one signature a line on stdout.
import { createInterface } from "node:readline";
import OSS from "ali-oss";

for await (const line of createInterface({ input: process.stdin })) {
    const { accessKeyId, accessKeySecret, region, date, policy } = JSON.parse(line);
    const client = new OSS({ accessKeyId, accessKeySecret, region, bucket: "any-bucket" });
    process.stdout.write(`${client.signPostObjectPolicyV4(policy, new Date(date))}\n`);
}
