// Assumes the role at STS, signs a form with what it gets, and posts a file with it. Nothing but Go is needed:
// go run signer.go. The settings are variables, as oss-localcloud prints them.
package main

import (
	"bytes"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"
)

type credentials struct{ AccessKeyId, AccessKeySecret, SecurityToken string }

func main() {
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	for _, field := range signForm("uploads/hello.txt", assumeRole()) {
		check(form.WriteField(field[0], field[1]))
	}
	file, err := form.CreateFormFile("file", "hello.txt")
	check(err)
	_, err = file.Write([]byte("hello"))
	check(err)
	check(form.Close())
	answer, err := http.Post(os.Getenv("OSS_ENDPOINT"), form.FormDataContentType(), &body)
	check(err)
	text, err := io.ReadAll(answer.Body)
	check(err)
	fmt.Println(answer.StatusCode, string(text))
}

func assumeRole() credentials {
	query := "DurationSeconds=900&RoleArn=" + url.QueryEscape(os.Getenv("OSS_STS_ROLE_ARN")) + "&RoleSessionName=signer"
	request, err := http.NewRequest("POST", os.Getenv("STS_ENDPOINT")+"/?"+query, nil)
	check(err)
	nonce := make([]byte, 16)
	_, err = rand.Read(nonce)
	check(err)
	headers := [][2]string{ // sorted by name
		{"host", request.URL.Host},
		{"x-acs-action", "AssumeRole"},
		{"x-acs-content-sha256", digest("")},
		{"x-acs-date", time.Now().UTC().Format("2006-01-02T15:04:05Z")},
		{"x-acs-signature-nonce", hex.EncodeToString(nonce)},
		{"x-acs-version", "2015-04-01"},
	}
	var lines, names []string
	for _, header := range headers {
		lines = append(lines, header[0]+":"+header[1]+"\n")
		names = append(names, header[0])
		request.Header.Set(header[0], header[1])
	}
	signed := strings.Join(names, ";")
	canonical := strings.Join([]string{"POST", "/", query, strings.Join(lines, ""), signed, digest("")}, "\n")
	signature := hex.EncodeToString(sum([]byte(os.Getenv("OSS_ACCESS_KEY_SECRET")), "ACS3-HMAC-SHA256\n"+digest(canonical)))
	request.Header.Set("Authorization", fmt.Sprintf("ACS3-HMAC-SHA256 Credential=%s,SignedHeaders=%s,Signature=%s",
		os.Getenv("OSS_ACCESS_KEY_ID"), signed, signature))
	answer, err := http.DefaultClient.Do(request)
	check(err)
	var reply struct{ Credentials credentials }
	check(json.NewDecoder(answer.Body).Decode(&reply))
	return reply.Credentials
}

func signForm(key string, role credentials) [][2]string {
	now := time.Now().UTC()
	date := now.Format("20060102T150405Z")
	scope := []string{date[:8], os.Getenv("OSS_REGION"), "oss", "aliyun_v4_request"}
	fields := [][2]string{
		{"key", key},
		{"x-oss-signature-version", "OSS4-HMAC-SHA256"},
		{"x-oss-credential", role.AccessKeyId + "/" + strings.Join(scope, "/")},
		{"x-oss-date", date},
		{"x-oss-security-token", role.SecurityToken},
	}
	conditions := []any{
		map[string]string{"bucket": os.Getenv("OSS_BUCKET")},
		[]any{"content-length-range", 1, 100},
	}
	for _, field := range fields {
		conditions = append(conditions, map[string]string{field[0]: field[1]})
	}
	expiration := now.Add(10 * time.Minute).Format("2006-01-02T15:04:05.000Z")
	document, err := json.Marshal(map[string]any{"expiration": expiration, "conditions": conditions})
	check(err)
	policy := base64.StdEncoding.EncodeToString(document)
	signingKey := []byte("aliyun_v4" + role.AccessKeySecret)
	for _, part := range scope {
		signingKey = sum(signingKey, part)
	}
	return append(fields, [2]string{"policy", policy}, [2]string{"x-oss-signature", hex.EncodeToString(sum(signingKey, policy))})
}

func sum(key []byte, text string) []byte {
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte(text))
	return mac.Sum(nil)
}

func digest(text string) string {
	hash := sha256.Sum256([]byte(text))
	return hex.EncodeToString(hash[:])
}

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
