#!/usr/bin/env python3
"""PyTorch's double-precision attention beside ours, on the shapes of reference_bench, in alternating rounds.

bf16 inputs are converted inside the timed call, as ours are.  Operations are counted as 2 (dk + dv) for every visible
(row, key); the best round counts.  Needs torch and a built reference_bench; not part of any test.

    tests/bench/peer_torch.py --bench build/tests/reference_bench --threads 2 --rounds 5
"""
import argparse
import json
import subprocess
import sys
import time

try:
    import torch
except ImportError:
    sys.exit("peer_torch.py: torch is not installed; nothing to compare with")

# name: sequences (a KV head each), query tokens, heads a KV head, keys, dk, dv, causal square
SHAPES = {
    "decode": (4, 4, 16, 16384, 128, 128, False),
    "prefill": (4, 2048, 4, 2048, 128, 128, True),
    "mla": (1, 1, 128, 4096, 576, 512, False),
}


def packed_matmul(q, k, v, causal):
    """Grouped heads as rows of one product; the last tokens' mask of decode is left out, in torch's favour."""
    n, tokens, heads, dk = q.shape
    scores = q.reshape(n, tokens * heads, dk) @ k.transpose(1, 2) * dk**-0.5
    if causal:
        hidden = torch.ones(tokens, k.shape[1], dtype=torch.bool).triu(1).repeat_interleave(heads, 0)
        scores.masked_fill_(hidden, float("-inf"))
    return torch.softmax(scores, -1) @ v


def sdpa_packed(q, k, v, causal):
    """scaled_dot_product_attention with the group's heads as rows; causal ones need the heads apart."""
    n, tokens, heads, dk = q.shape
    if causal:
        q = q.transpose(1, 2)
        k, v = (x[:, None].expand(-1, heads, -1, -1) for x in (k, v))
        return torch.nn.functional.scaled_dot_product_attention(q, k, v, is_causal=True)
    q = q.reshape(n, 1, tokens * heads, dk)
    return torch.nn.functional.scaled_dot_product_attention(q, k[:, None], v[:, None])


def ours(bench, shape, threads):
    line = subprocess.run([bench, "--json", "--rounds", "1", "--threads", str(threads), "--shape", shape],
                          check=True, capture_output=True, text=True).stdout
    return json.loads(line)["shapes"][0]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bench", default="build/tests/reference_bench", help="the built reference_bench")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--shape", choices=SHAPES, action="append")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    results = []
    for name in options.shape or SHAPES:
        n, tokens, heads, keys, dk, dv, causal = SHAPES[name]
        generator = torch.Generator().manual_seed(1)
        inputs = [torch.randn(*size, generator=generator).bfloat16()
                  for size in ((n, tokens, heads, dk), (n, keys, dk), (n, keys, dv))]
        best = {}
        dgemm = operations = 0
        for _ in range(options.rounds):
            mine = ours(options.bench, name, options.threads)
            operations = mine["truth_gflops"] * mine["truth_seconds"]
            dgemm = max(dgemm, mine["dgemm_gflops"])
            best["plumbline truth"] = min(best.get("plumbline truth", 1e9), mine["truth_seconds"])
            for form in (packed_matmul, sdpa_packed):
                start = time.perf_counter()
                form(*(x.double() for x in inputs), causal)
                best["torch " + form.__name__] = min(best.get("torch " + form.__name__, 1e9),
                                                     time.perf_counter() - start)
        results.append({"name": name, "dgemm_gflops": dgemm, "gigaoperations": operations, "seconds": best})
    if options.json:
        print(json.dumps({"plumbline": 1, "torch": torch.__version__, "threads": options.threads, "shapes": results}))
        return
    print(f"torch {torch.__version__}, {options.threads} threads, best of {options.rounds} alternating rounds")
    for r in results:
        for form, seconds in r["seconds"].items():
            rate = r["gigaoperations"] / seconds
            print(f"{r['name']:8} {form:20} {seconds:8.4f} s {rate:8.1f} GF {rate / r['dgemm_gflops']:6.2f} of DGEMM")


if __name__ == "__main__":
    main()
