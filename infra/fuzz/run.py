"""Runs the fuzz targets in turn, or a few of them at once: `make fuzz`.

    python infra/fuzz/run.py PROGRAM DIRECTORY [--seconds 600] [--jobs 1] [TARGET ...]

Inputs are kept in DIRECTORY/corpus and go on growing from one run to the next; they begin with the fixtures
of the senders and the examples of the documents. What goes wrong is kept in DIRECTORY/findings, with a line
for each run in DIRECTORY/results.txt.
"""

import argparse
import json
import os
import re
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
FIXTURES = ROOT / "shared/providers/fixtures"
CLICK = "clk_01KA3M5N7P9QRSTVWXYZ0123456789ABCDEFGHJKMNPQRSTVWXYZ0123456789ABCDEF"
TOKEN = re.compile(r'"[A-Za-z0-9_./:-]{2,40}"')

CHARGE = {
    "kind": "sale", "occurred_at": "2026-11-22T00:00:00Z", "tax": {"amount": "19.00", "currency": "USD"},
    "amount": {"amount": "119.00", "currency": "USD"}, "shipping": {"amount": "0.00", "currency": "USD"},
    "discount": {"amount": "5.00", "currency": "USD"}, "customer": None, "clicks": CLICK, "country": "DE",
    "coupon": "SPRING", "metadata": {"plan": "pro"},
    "lines": [{"product": "a", "quantity": 2, "amount": {"amount": "119.00", "currency": "USD"},
               "tax": {"amount": "19.00", "currency": "USD"}, "discount": {"amount": "5.00", "currency": "USD"}}],
}
# Signed by nobody, and of the right form.
HEX, BASE64 = "0123456789abcdef" * 4, "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="
HEADERS = {
    "chargebee": {"authorization": "Basic dHJpYnV0YXJ5OnBhc3N3b3Jk"},
    "lemon_squeezy": {"x-signature": HEX},
    "paddle": {"paddle-signature": f"ts=1700000000;h1={HEX}"},
    "paypal": {
        "paypal-auth-algo": "SHA256withRSA", "paypal-transmission-id": "69cd13f0-d67a-11e5-baa3-778b53f4ae55",
        "paypal-transmission-time": "2023-11-14T22:13:20Z", "paypal-transmission-sig": BASE64,
        "paypal-cert-url": "https://api.paypal.com/v1/notifications/certs/CERT-360caa42-fca2a594-1d93a270",
    },
    "recurly": {"recurly-signature": f"1700000000000,{HEX}"},
    "shopify": {"x-shopify-hmac-sha256": BASE64},
    "standard": {"webhook-id": "msg_1", "webhook-timestamp": "1700000000", "webhook-signature": f"v1,{BASE64}"},
    "stripe": {"stripe-signature": f"t=1700000000,v1={HEX}"},
}
TEXTS = ["USD12.34", "JPY-5", "KWD0.001", "CLF1.0000", "0.2", "1", "1.0825", "spring-sale", "{campaign}",
         '{"amount":"12.34","currency":"USD"}']
LINKS = ["https://shop.example.com/boots?a=b#top", "to=https%3A%2F%2Fshop.example.com%2Fboots&sub1=mail+7",
         "https://shop.example.com:443/", "?trb_click=x&sub2=y", "to=//evil.example", "https://shop.example.com\\@evil"]


def line(value):
    return json.dumps(value).encode()


def blocks(page, label):
    """The fenced blocks of a document that are labelled so, as JSON."""
    found = re.findall(rf"^```{label}\n(.*?)^```", (ROOT / "docs" / page).read_text(), re.M | re.S)
    return [json.loads(text) for text in found]


def deliveries(sender):
    """The fixtures of a sender, each as a body with the headers that it comes with."""
    for path in sorted((FIXTURES / sender).glob("*.json")):
        headers = list(HEADERS.get(sender, {}).items())
        if sender == "shopify":
            headers.append(("x-shopify-topic", path.name.split(".")[0].replace("_", "/", 1)))
        yield line(headers) + b"\n" + path.read_bytes()


def seeds(target):
    if target == "click":
        return [CLICK.encode(), f"{CLICK}-{CLICK}".encode()]
    if target == "cursor":
        return [b"AQA", b"status", b"e30"]
    if target == "link":
        return [text.encode() for text in LINKS]
    if target == "text":
        return [text.encode() for text in TEXTS]
    if target == "report":
        events = [json.loads(path.read_bytes()) for path in sorted((FIXTURES / "standard").glob("*.json"))]
        return [line(event.get("data", event)) for event in events] + [line(b) for b in blocks("plans.md", "json report")]
    if target == "plan":
        return [line(plan) + b"\n" + line(CHARGE) for plan in blocks("plans.md", "json plan")]
    return list(deliveries(target))


def prepare(directory, target):
    """Folders, first inputs, and the words that inputs are made of."""
    corpus, findings = directory / "corpus" / target, directory / "findings" / target
    corpus.mkdir(parents=True, exist_ok=True)
    findings.mkdir(parents=True, exist_ok=True)
    inputs = seeds(target)
    for number, seed in enumerate(inputs):
        (corpus / f"seed-{number}").write_bytes(seed)
    words = sorted({word for seed in inputs for word in TOKEN.findall(seed.decode())})
    dictionary = directory / f"{target}.dict"
    # An empty dictionary would be an error.
    dictionary.write_text("# Words of the first inputs.\n" + "".join('"\\"{}\\""\n'.format(word.strip('"')) for word in words))
    return corpus, findings, dictionary


def run(program, directory, target, seconds):
    corpus, findings, dictionary = prepare(directory, target)
    log = directory / f"{target}.log"
    options = [f"-max_total_time={seconds}", f"-artifact_prefix={findings}/", f"-dict={dictionary}", "-max_len=16384",
               "-timeout=10", "-rss_limit_mb=2048", "-print_final_stats=1"]
    began = time.monotonic()
    with log.open("wb") as output:
        code = subprocess.call(["nice", "-n", "19", str(program), str(corpus), *options], stdout=output,
                               stderr=subprocess.STDOUT, env={**os.environ, "FUZZ_TARGET": target})
    text = log.read_text(errors="replace")
    number = lambda pattern: int((re.findall(pattern, text) or ["0"])[-1])
    executions = number(r"stat::number_of_executed_units:\s*(\d+)")
    took = round(time.monotonic() - began)
    found = sum(1 for _ in findings.iterdir())
    coverage, inputs = number(r"cov: (\d+)"), sum(1 for _ in corpus.iterdir())
    summary = (f"{target}: {took} s, {executions} executions, {executions // max(took, 1)} a second, "
               f"coverage {coverage}, corpus {inputs}, findings {found}")
    with (directory / "results.txt").open("a") as results:
        results.write(summary + "\n")
    print(summary, flush=True)
    if code != 0:
        print(f"error: {target} stopped; see {log} and {findings}", file=sys.stderr, flush=True)
    return code == 0


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("program", type=Path)
    parser.add_argument("directory", type=Path)
    parser.add_argument("targets", nargs="*")
    parser.add_argument("--seconds", type=int, default=600)
    parser.add_argument("--jobs", type=int, default=1)
    asked = parser.parse_intermixed_args()
    names = subprocess.run([asked.program], capture_output=True, text=True, check=True, env={}).stdout.split()
    unknown = sorted(set(asked.targets) - set(names))
    if unknown:
        sys.exit(f"error: no such target: {', '.join(unknown)}; there are {', '.join(names)}")
    with ThreadPoolExecutor(asked.jobs) as pool:
        work = lambda target: run(asked.program.resolve(), asked.directory.resolve(), target, asked.seconds)
        passed = list(pool.map(work, asked.targets or names))
    sys.exit(0 if all(passed) else 1)


if __name__ == "__main__":
    main()
