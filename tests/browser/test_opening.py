"""A page of twelve benchmarks and six models is there at once."""

# Under 2 s is what we want, on a machine that does nothing else; a busy one may take twice as long.
SLOWEST_MS = 4000
FIRST_FRAME = "new Promise((done) => requestAnimationFrame(() => setTimeout(() => done(performance.now()))))"


def test_a_large_page_opens_quickly(open_report, report):
    assert report("twelve_by_six").path.stat().st_size < 3_000_000
    page = open_report("twelve_by_six")
    times = []
    for _ in range(3):
        page.reload()
        times.append(page.evaluate(FIRST_FRAME))
    print(f"opened in {min(times):.0f} ms")
    assert min(times) < SLOWEST_MS, times
