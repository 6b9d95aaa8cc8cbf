// Assumes the role at STS, signs a form with what it gets, and posts a file with it. Nothing but a JDK (17 or newer) is
// needed: java Signer.java. The settings are variables, as oss-localcloud prints them.

import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Base64;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.TreeMap;
import java.util.UUID;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

public class Signer {
    static final Map<String, String> ENV = System.getenv();
    static final HttpClient CLIENT = HttpClient.newHttpClient();

    public static void main(String[] arguments) throws Exception {
        String credentials = assumeRole();
        Map<String, String> fields = signForm("uploads/hello.txt", credentials);
        String boundary = UUID.randomUUID().toString();
        StringBuilder body = new StringBuilder();
        fields.forEach((name, value) -> body.append(
            "--%s\r\nContent-Disposition: form-data; name=\"%s\"\r\n\r\n%s\r\n".formatted(boundary, name, value)));
        body.append(("--%s\r\nContent-Disposition: form-data; name=\"file\"; filename=\"hello.txt\"\r\n"
            + "Content-Type: text/plain\r\n\r\nhello\r\n--%s--\r\n").formatted(boundary, boundary));
        HttpRequest request = HttpRequest.newBuilder(URI.create(ENV.get("OSS_ENDPOINT")))
            .header("Content-Type", "multipart/form-data; boundary=" + boundary)
            .POST(HttpRequest.BodyPublishers.ofString(body.toString())).build();
        HttpResponse<String> answer = CLIENT.send(request, HttpResponse.BodyHandlers.ofString());
        System.out.println(answer.statusCode() + " " + answer.body());
    }

    /** Returns the JSON of STS. */
    static String assumeRole() throws Exception {
        URI sts = URI.create(ENV.get("STS_ENDPOINT"));
        String query = "DurationSeconds=900&RoleArn="
            + URLEncoder.encode(ENV.get("OSS_STS_ROLE_ARN"), StandardCharsets.UTF_8) + "&RoleSessionName=signer";
        TreeMap<String, String> headers = new TreeMap<>(Map.of(
            "host", sts.getAuthority(),
            "x-acs-action", "AssumeRole",
            "x-acs-content-sha256", sha256(""),
            "x-acs-date", Instant.now().truncatedTo(ChronoUnit.SECONDS).toString(),
            "x-acs-signature-nonce", UUID.randomUUID().toString(),
            "x-acs-version", "2015-04-01"));
        String lines = headers.entrySet().stream().map(each -> each.getKey() + ":" + each.getValue() + "\n")
            .collect(Collectors.joining());
        String names = String.join(";", headers.keySet());
        String canonical = String.join("\n", "POST", "/", query, lines, names, sha256(""));
        byte[] secret = ENV.get("OSS_ACCESS_KEY_SECRET").getBytes(StandardCharsets.UTF_8);
        String signature = hex(hmac(secret, "ACS3-HMAC-SHA256\n" + sha256(canonical)));
        HttpRequest.Builder request = HttpRequest.newBuilder(sts.resolve("/?" + query))
            .POST(HttpRequest.BodyPublishers.noBody())
            .header("Authorization", "ACS3-HMAC-SHA256 Credential=%s,SignedHeaders=%s,Signature=%s".formatted(
                ENV.get("OSS_ACCESS_KEY_ID"), names, signature));
        headers.remove("host"); // the client sends it
        headers.forEach(request::header);
        return CLIENT.send(request.build(), HttpResponse.BodyHandlers.ofString()).body();
    }

    static Map<String, String> signForm(String key, String credentials) throws Exception {
        Instant now = Instant.now().truncatedTo(ChronoUnit.SECONDS);
        String date = now.toString().replaceAll("[-:]", ""); // yyyymmddThhmmssZ
        String[] scope = {date.substring(0, 8), ENV.get("OSS_REGION"), "oss", "aliyun_v4_request"};
        Map<String, String> fields = new LinkedHashMap<>();
        fields.put("key", key);
        fields.put("x-oss-signature-version", "OSS4-HMAC-SHA256");
        fields.put("x-oss-credential", member(credentials, "AccessKeyId") + "/" + String.join("/", scope));
        fields.put("x-oss-date", date);
        fields.put("x-oss-security-token", member(credentials, "SecurityToken"));
        String conditions = fields.entrySet().stream()
            .map(each -> "{\"%s\":\"%s\"}".formatted(each.getKey(), each.getValue())).collect(Collectors.joining(","));
        String document = "{\"expiration\":\"%s\",\"conditions\":[{\"bucket\":\"%s\"},[\"content-length-range\",1,100],%s]}"
            .formatted(now.plusSeconds(600), ENV.get("OSS_BUCKET"), conditions);
        String policy = Base64.getEncoder().encodeToString(document.getBytes(StandardCharsets.UTF_8));
        byte[] signingKey = ("aliyun_v4" + member(credentials, "AccessKeySecret")).getBytes(StandardCharsets.UTF_8);
        for (String part : scope) {
            signingKey = hmac(signingKey, part);
        }
        fields.put("policy", policy);
        fields.put("x-oss-signature", hex(hmac(signingKey, policy)));
        return fields;
    }

    static String member(String json, String name) {
        Matcher match = Pattern.compile("\"" + name + "\": *\"([^\"]*)\"").matcher(json);
        if (!match.find()) {
            throw new IllegalStateException(json);
        }
        return match.group(1);
    }

    static byte[] hmac(byte[] key, String text) throws Exception {
        Mac mac = Mac.getInstance("HmacSHA256");
        mac.init(new SecretKeySpec(key, "HmacSHA256"));
        return mac.doFinal(text.getBytes(StandardCharsets.UTF_8));
    }

    static String sha256(String text) throws Exception {
        return hex(MessageDigest.getInstance("SHA-256").digest(text.getBytes(StandardCharsets.UTF_8)));
    }

    static String hex(byte[] bytes) {
        return HexFormat.of().formatHex(bytes);
    }
}
