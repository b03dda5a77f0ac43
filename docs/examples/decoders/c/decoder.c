/* A decoder in C, one file, no dependencies:  cc -O2 -o decoder decoder.c -lm  and  genspec conform cmd:"./decoder"
   Greedy and sampling, with temperature, top_k and top_p. The protocol is docs/guide/protocol.md; clause ids are those
   of docs/spec. The parts: scripted models, JSON, operations on scores, whole calls, the protocol. */

#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- Scripted models, the text of the guide. VECTORS-3 to VECTORS-6 ---- */

static uint64_t mix(uint64_t x) {
    x += 0x9E3779B97F4A7C15u;
    x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9u;
    x = (x ^ (x >> 27)) * 0x94D049BB133111EBu;
    return x ^ (x >> 31);
}
static uint64_t state_after(uint64_t seed, const int *tokens, int count) {
    uint64_t state = mix(seed);
    for (int i = 0; i < count; i++) state = mix(state ^ ((uint64_t)tokens[i] + 1));
    return state;
}
static void logits_of(uint64_t state, int ties, int V, const int *eos, int eos_count, double *logits) {
    for (int t = 0; t < V; t++) {
        uint64_t word = mix(state ^ ((uint64_t)t + 1)), smaller = 0;
        for (int u = 0; u < V && V <= 256; u++) smaller += mix(state ^ ((uint64_t)u + 1)) < word;
        logits[t] = ties      ? (double)(word % 4) - 2
                    : V > 256 ? (double)(word % 16777216) / 2097152 - 4
                              : (double)((256 * smaller + word % (uint64_t)(257 - V)) / (uint64_t)V) / 32 - 4;
    }
    if (eos_count == 0 || state % 2 == 1) return;
    int first = 0, other = -1, end = eos[state / 256 % (uint64_t)eos_count];
    for (int t = 1; t < V; t++) if (logits[t] > logits[first]) first = t;
    for (int t = 0; t < V; t++) if (t != first && (other < 0 || logits[t] > logits[other])) other = t;
    if (state / 2 % 2 == 0 || V == 1) other = first;
    double kept = logits[end];
    logits[end] = logits[other];
    logits[other] = kept;
}

/* ---- JSON: a tree of nodes over the text of a line, which is changed while it is read ---- */

typedef struct Node Node;
struct Node {
    char kind;          /* of the first letter: { [ " t f n, and 0 for a number */
    const char *text;   /* of a text, or of a number as it stands there */
    const char *name;   /* in an object */
    Node *child, *next;
};

static Node nodes[1 << 20];
static size_t used;

static void fail(const char *why) {
    fprintf(stderr, "decoder: %s\n", why);
    exit(1);
}

static char *after_text(char *at) {             /* a text ends here; what is escaped stays as it is written */
    while (*at != '"') at += *at == '\\' ? 2 : 1;
    *at = 0;
    return at + 1;
}

static char *read_value(char *at, Node *node);

static char *read_members(char *at, Node *node, char end) {
    Node **last = &node->child;
    while (*at != end) {
        if (used == sizeof nodes / sizeof *nodes) fail("a line has too many values");
        Node *child = *last = &nodes[used++];
        memset(child, 0, sizeof *child);
        last = &child->next;
        if (end == '}') {
            child->name = at + 1;
            at = after_text(at + 1) + 1;        /* over the colon: the kit writes no spaces */
        }
        at = read_value(at, child);
        if (*at == ',') at++;
    }
    return at + 1;
}

static char *read_value(char *at, Node *node) {
    node->kind = *at;
    if (*at == '{') return read_members(at + 1, node, '}');
    if (*at == '[') return read_members(at + 1, node, ']');
    if (*at == '"') {
        node->text = at + 1;
        return after_text(at + 1);
    }
    if (!strchr("tfn", *at)) node->kind = 0;
    node->text = at;
    return at + strcspn(at, ",]}");
}

static Node *member(const Node *node, const char *name) {   /* of an object; null is none */
    for (Node *child = node ? node->child : NULL; child; child = child->next)
        if (strcmp(child->name, name) == 0) return child->kind == 'n' ? NULL : child;
    return NULL;
}

static const char *text(const Node *node) { return node && node->text ? node->text : ""; }

static double number(const Node *node, double unset) {
    if (!node) return unset;
    return node->kind == '"' ? (strcmp(node->text, "-inf") == 0 ? -INFINITY : NAN) : strtod(node->text, NULL);
}

static int length(const Node *list) {
    int count = 0;
    for (Node *child = list ? list->child : NULL; child; child = child->next) count++;
    return count;
}

static double *numbers(const Node *list) {
    double *values = calloc((size_t)length(list) + 1, sizeof *values);
    int place = 0;
    for (Node *child = list ? list->child : NULL; child; child = child->next) values[place++] = number(child, 0);
    return values;
}

static const Node *item(const Node *list, int place) {
    const Node *child = list ? list->child : NULL;
    while (child && place-- > 0) child = child->next;
    return child;
}

static int *ids(const Node *node, int *count, int room) {   /* of a list, or of one number */
    *count = node && node->kind == '[' ? length(node) : node != NULL;
    int *values = calloc((size_t)(*count + room) + 1, sizeof *values);
    for (int place = 0; place < *count; place++)
        values[place] = (int)number(node->kind == '[' ? item(node, place) : node, 0);
    return values;
}

/* ---- Operations on scores: docs/spec/temperature.md, top_k.md, top_p.md ---- */

static const double *compared;

static int by_rank(const void *left, const void *right) {  /* SCORES-5 */
    int a = *(const int *)left, b = *(const int *)right;
    if (compared[a] != compared[b]) return compared[a] > compared[b] ? -1 : 1;
    return a - b;
}

static int *ranking(const double *scores, int V) {
    int *ranked = calloc((size_t)V, sizeof *ranked);
    for (int t = 0; t < V; t++) ranked[t] = t;
    compared = scores;
    qsort(ranked, (size_t)V, sizeof *ranked, by_rank);
    return ranked;
}

static void temperature(double *scores, int V, double divisor) {
    for (int t = 0; t < V; t++) scores[t] /= divisor;
}

static void top_k(double *scores, int V, int k, int min_keep) {
    if (k < min_keep) k = min_keep;
    if (k >= V) return;
    int *ranked = ranking(scores, V);
    double least = scores[ranked[k - 1]];
    for (int t = 0; t < V; t++) if (scores[t] < least) scores[t] = -INFINITY;   /* TOP-K-3 */
    free(ranked);
}

static void top_p(double *scores, int V, double p, int min_keep) {
    int *ranked = ranking(scores, V);
    double greatest = scores[ranked[0]], sum = 0, above = 0;
    for (int t = 0; t < V; t++) sum += exp(scores[t] - greatest);
    for (int rank = 0; rank < V; rank++) {
        double mass = exp(scores[ranked[rank]] - greatest) / sum;
        if (above >= p && rank >= min_keep) scores[ranked[rank]] = -INFINITY;   /* TOP-P-2, TOP-P-4 */
        above += mass;
    }
    free(ranked);
}

static int apply(const char *name, const Node *arguments, double *scores, int V) {
    int min_keep = (int)number(member(arguments, "min_keep"), 1);
    if (strcmp(name, "temperature") == 0) temperature(scores, V, number(member(arguments, "temperature"), 1));
    else if (strcmp(name, "top_k") == 0) top_k(scores, V, (int)number(member(arguments, "k"), 0), min_keep);
    else if (strcmp(name, "top_p") == 0) top_p(scores, V, number(member(arguments, "p"), 1), min_keep);
    else return 0;
    return 1;
}

static int *race(const double *scores, const double *noise, int V) {    /* the ranking of q(t) / e(t). SAMPLE-1 */
    double *ratios = calloc((size_t)V, sizeof *ratios);
    for (int t = 0; t < V; t++) ratios[t] = noise ? scores[t] - log(noise[t]) : scores[t];
    int *ranked = ranking(ratios, V);
    free(ratios);
    return ranked;
}

/* ---- Whole calls ---- */

static double *model_logits(const Node *model, const int *row, int count, int V) {
    const char *kind = text(member(model, "kind"));
    if (strcmp(kind, "lines") == 0) {                                           /* VECTORS-14 */
        const Node *lines = member(model, "lines");
        return numbers(item(lines, row[count - 1] % length(lines)));
    }
    int eos_count, *eos = ids(member(model, "eos"), &eos_count, 0), last = strcmp(kind, "table") == 0;
    uint64_t seed = strtoull(text(member(model, "seed")), NULL, 10);            /* it may have all 64 bits */
    double *logits = calloc((size_t)V, sizeof *logits);
    uint64_t state = last ? state_after(seed, row + count - 1, 1) : state_after(seed, row, count);
    logits_of(state, strcmp(kind, "ties") == 0, V, eos, eos_count, logits);
    free(eos);
    return logits;
}

static double *noise_of(const Node *input, int step, int V) {
    const Node *written = member(input, "noise");
    if (written) return numbers(item(item(written, 0), step));                  /* VECTORS-10 */
    double *noise = calloc((size_t)V, sizeof *noise);
    uint64_t state = state_after(strtoull(text(member(input, "seed")), NULL, 10), (int[]){0, step}, 2);
    for (int j = 0; j < V; j++)                                                 /* SAMPLE-7 */
        noise[j] = -log(((double)(mix(state ^ ((uint64_t)j + 1)) >> 12) + 0.5) / 4503599627370496.0);
    return noise;
}

static int next_token(const Node *input, const int *row, int count, int step, int V) {
    const Node *config = member(input, "config"), *draws = member(config, "do_sample");
    double *scores = model_logits(member(input, "model"), row, count, V), *noise = NULL;
    if (draws && draws->kind == 't') {
        int k = (int)number(member(config, "top_k"), 50);
        double p = number(member(config, "top_p"), 1);
        temperature(scores, V, number(member(config, "temperature"), 1));
        if (k > 0) top_k(scores, V, k, 1);
        if (p < 1) top_p(scores, V, p, 1);
        noise = noise_of(input, step, V);
    }
    int *ranked = race(scores, noise, V), token = ranked[0];
    free(scores), free(noise), free(ranked);
    return token;
}

static void decode(const Node *input) {
    const Node *config = member(input, "config");
    int V = (int)number(member(member(input, "model"), "vocab_size"), 0), prompt, eos_count, ended = 0;
    int *eos = ids(member(config, "eos_token_id"), &eos_count, 0), *row = ids(member(input, "prompt"), &prompt, 0);
    int most = (int)number(member(config, "max_length"), prompt + 20);          /* LENGTH-2, LENGTH-4 */
    int budget = (int)number(member(config, "max_new_tokens"), most - prompt);  /* LENGTH-1, LENGTH-3 */
    int cut = budget < 0 ? -budget : 0, count = prompt;                         /* LENGTH-5 */
    row = realloc(row, sizeof *row * (size_t)(prompt + (budget > 0 ? budget : 0) + 1));
    for (int step = 0; step < budget && !ended; step++) {
        row[count] = next_token(input, row, count, step, V);
        for (int i = 0; i < eos_count; i++) ended |= row[count] == eos[i];      /* STOPPING-1 */
        count++;
    }
    printf("\"sequences\":[[");
    for (int i = cut; i < count; i++) printf("%s%d", i > cut ? "," : "", row[i]);
    printf("]],\"finish_reasons\":[\"%s\"]", ended ? "eos" : "length");
    free(row), free(eos);
}

/* ---- The protocol: one line in, one line out ---- */

static void process(const Node *input) {                                        /* L0, L1 */
    const Node *alone = member(input, "operation"), *given = member(input, alone ? "scores" : "logits");
    int V = length(given), known = 1;
    double *scores = numbers(given);
    if (alone) known = apply(text(alone), member(input, "arguments"), scores, V);
    else
        for (Node *one = member(input, "operations")->child; one; one = one->next)
            known &= apply(text(member(one, "operation")), member(one, "arguments"), scores, V);
    if (!known) printf("\"unsupported\":\"has not this operation\"");
    else printf("\"scores\":[");
    for (int t = 0; t < V && known; t++)
        if (scores[t] == -INFINITY) printf("%s\"-inf\"", t ? "," : "");
        else printf("%s%.17g", t ? "," : "", scores[t]);
    if (known) printf("]");
    free(scores);
}

static void choose(const Node *input) {                                         /* L2 */
    int V = length(member(input, "scores")), count = (int)number(member(input, "count"), 0);
    double *scores = numbers(member(input, "scores")), *noise = NULL;
    if (member(input, "noise")) noise = numbers(member(input, "noise"));
    int *ranked = race(scores, noise, V);
    if (count == 0) printf("\"token\":%d", ranked[0]);
    else printf("\"tokens\":[");
    for (int i = 0; i < count && i < V; i++) printf("%s%d", i ? "," : "", ranked[i]);
    if (count) printf("]");
    free(scores), free(noise), free(ranked);
}

static const char READY[] =
    "{\"protocol\":1,\"info\":{\"name\":\"example-c\",\"version\":\"1.0\",\"dtype\":\"float64\",\"profile\":\"hf\"},"
    "\"capabilities\":{\"levels\":[\"L0\",\"L1\",\"L2\",\"L3\"],\"modes\":[\"greedy\",\"sample\"],"
    "\"operations\":[\"temperature\",\"top_k\",\"top_p\"],\"inputs\":[\"noise\"],"
    "\"fields\":[\"max_new_tokens\",\"max_length\",\"eos_token_id\",\"do_sample\",\"temperature\",\"top_k\",\"top_p\"],"
    "\"kinds\":[\"table\",\"history\",\"ties\",\"lines\"],\"refuses\":false}}";

int main(void) {
    char *line = NULL;
    size_t size = 0;
    while (getline(&line, &size, stdin) > 0) {
        Node message = {0};
        used = 0;
        read_value(line, &message);
        const char *type = text(member(&message, "type")), *level = text(member(&message, "level"));
        const Node *input = member(&message, "input");
        if (strcmp(type, "stop") == 0) break;
        if (strcmp(type, "start") == 0) {
            puts(READY);
        } else {
            printf("{\"id\":\"%s\",", text(member(&message, "id")));            /* escaped as it came */
            if (strcmp(level, "L2") == 0) choose(input);
            else if (strcmp(level, "L3") == 0) decode(input);
            else process(input);
            puts("}");
        }
        fflush(stdout);
    }
    free(line);
    return 0;
}
