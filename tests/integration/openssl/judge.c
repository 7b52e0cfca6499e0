/*
 * What OpenSSL makes of CA bundles. Reads one path a line; writes "error" or "loaded" for each,
 * and below "loaded" one line per certificate in the store:
 *
 *     certificate SHA256 trusted|partial|untrusted|rejected
 *
 * "partial" is trusted where X509_V_FLAG_PARTIAL_CHAIN is set, as curl sets it, and otherwise not.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/x509.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>

static void fail(const char *what)
{
    fprintf(stderr, "judge: %s\n", what);
    ERR_print_errors_fp(stderr);
    exit(EXIT_FAILURE);
}

/*
 * In a store of its own, so that no other certificate of the bundle has a say. A certificate with
 * a malformed extension fits no purpose, which a verification without a purpose does not notice.
 */
static int trusted_in_partial_chain(X509 *certificate)
{
    X509_STORE *store = X509_STORE_new();
    X509_STORE_CTX *context = X509_STORE_CTX_new();
    X509_VERIFY_PARAM *param;
    int trusted;

    if (store == NULL || context == NULL || !X509_STORE_add_cert(store, certificate)
        || !X509_STORE_CTX_init(context, store, certificate, NULL))
        fail("cannot prepare a verification");
    param = X509_STORE_CTX_get0_param(context);
    X509_VERIFY_PARAM_set_auth_level(param, 0);
    if (!X509_VERIFY_PARAM_set_flags(param, X509_V_FLAG_PARTIAL_CHAIN | X509_V_FLAG_NO_CHECK_TIME)
        || !X509_VERIFY_PARAM_set_trust(param, X509_TRUST_SSL_SERVER))
        fail("cannot set the parameters of a verification");
    trusted = X509_check_purpose(certificate, -1, 0) == 1 && X509_verify_cert(context) == 1;
    X509_STORE_CTX_free(context);
    X509_STORE_free(store);
    return trusted;
}

static const char *verdict(X509 *certificate)
{
    switch (X509_check_trust(certificate, X509_TRUST_SSL_SERVER, 0)) {
    case X509_TRUST_TRUSTED:
        return "trusted";
    case X509_TRUST_REJECTED:
        return "rejected";
    default:
        return trusted_in_partial_chain(certificate) ? "partial" : "untrusted";
    }
}

static void print_certificate(X509 *certificate)
{
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned int length, i;

    if (!X509_digest(certificate, EVP_sha256(), digest, &length))
        fail("cannot hash a certificate");
    printf("certificate ");
    for (i = 0; i < length; i++)
        printf("%02x", digest[i]);
    printf(" %s\n", verdict(certificate));
}

static void print_certificates(X509_STORE *store)
{
    STACK_OF(X509_OBJECT) *objects = X509_STORE_get0_objects(store);
    int i;

    for (i = 0; i < sk_X509_OBJECT_num(objects); i++) {
        X509 *certificate = X509_OBJECT_get0_X509(sk_X509_OBJECT_value(objects, i));

        /* The other objects are revocation lists. */
        if (certificate != NULL)
            print_certificate(certificate);
    }
}

static void judge(const char *path)
{
    X509_STORE *store = X509_STORE_new();

    if (store == NULL)
        fail("cannot make a store");
    if (X509_STORE_load_file(store, path)) {
        puts("loaded");
        print_certificates(store);
    } else {
        puts("error");
    }
    ERR_clear_error();
    X509_STORE_free(store);
}

int main(void)
{
    char line[4096];

    while (fgets(line, sizeof(line), stdin) != NULL) {
        char *end = strchr(line, '\n');

        if (end == NULL)
            fail("a path is too long, or its line has no end");
        *end = '\0';
        judge(line);
    }
    if (ferror(stdin) || fflush(stdout) != 0)
        fail("cannot read the paths or write the verdicts");
    return EXIT_SUCCESS;
}
