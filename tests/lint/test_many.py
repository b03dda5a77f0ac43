"""A run in parts says what a run in one piece says: the same findings, files and notes, in the same order."""

import os
import tracemalloc
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from functools import partial

import pytest

from genspec.executors import executor_for, local
from genspec.lint import many
from genspec.lint.judge import check_paths
from genspec.lint.many import NotShared, WorkerDied, answers, check_chunk, chunks
from genspec.lint.settings import Settings
from genspec.lint.sources.walk import Found
from genspec.lint.suppression import PathIgnore

CLEAN = '{"eos_token_id": 2, "max_new_tokens": 20, "pad_token_id": 0}'
FAULTY = '{"temperature": 0.7, "eos_token_id": 2, "pad_token_id": 0}'
PROGRAM = "from transformers import AutoModel\nAutoModel.from_pretrained(x).generate(ids, do_sample=False, top_p=0.9)\n"
MODEL = '{"architectures": ["X"], "temperature": 0.5, "eos_token_id": 3, "vocab_size": 2}'


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Stand in a folder with thirty files of several kinds; every third has a fault."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(many, "CHUNK", 4)
    for number in range(30):
        place = tmp_path / "files" / f"part-{number % 7}" / f"model-{number:02}"
        place.mkdir(parents=True)
        name = ("generation_config.json", "run.py")[number % 5 == 0]
        (place / name).write_text((PROGRAM if name == "run.py" else FAULTY) if number % 3 == 0 else CLEAN)
    (place / "config.json").write_text(MODEL)
    (tmp_path / "files" / "broken" / "generation_config.json").mkdir(parents=True)
    return tmp_path


def spread_with(settings, executor, workers=2, progress=None):
    return partial(answers, settings=settings, executor=executor, workers=workers, progress=progress)


IGNORES = tuple(PathIgnore("", *wish) for wish in [
    ("part-3", "", ("GS201",)), ("part-*", "", ("GS2",)), ("part-4", "", ("GS905",)), ("elsewhere", "", ("GS201",)),
])


@pytest.mark.parametrize("ignores", [(), IGNORES])
@pytest.mark.parametrize("paths", [["files"], ["files/part-3", "files", "files/part-1"]])
def test_parts_say_what_the_whole_says(folder, paths, ignores):
    settings = Settings(path_ignores=tuple(wish._replace(root=str(folder / "files")) for wish in ignores))
    told = []
    whole = check_paths(paths, settings)
    with ThreadPoolExecutor(2) as pool:
        parts = check_paths(paths, settings, None, spread_with(settings, pool, progress=told.append))
    assert parts == whole
    assert len(whole.files) == 31 and whole.findings, whole
    assert tuple(told) == whole.files
    assert bool(whole.notes) == bool(ignores), whole.notes


def test_absolute_paths_stay_absolute_and_relative_ones_relative_from_another_folder(folder, monkeypatch):
    files = [Found(os.path.join("files", "part-1", "model-29", "generation_config.json")),
             Found(str(folder / "files" / "part-6" / "model-06" / "generation_config.json"))]
    here = check_chunk(tuple(files), Settings(), str(folder))
    monkeypatch.chdir("/")
    assert check_chunk(tuple(files), Settings(), str(folder)) == here
    assert [finding.path for finding in here.findings][-1] == files[1].path, here


def test_a_worker_that_does_not_see_the_files_says_so():
    with pytest.raises(NotShared, match="/no/such/folder: a worker does not see this folder"):
        check_chunk((Found("a.json"),), Settings(), "/no/such/folder")


def test_few_files_are_not_handed_over(folder):
    def refuse(found):
        raise AssertionError("handed over")

    assert check_paths(["files"], Settings(), None, refuse, few=31) == check_paths(["files"], Settings())
    with pytest.raises(AssertionError, match="handed over"):
        check_paths(["files"], Settings(), None, refuse, few=30)


def test_processes_say_the_same(folder):
    settings = Settings()
    with local(2) as (pool, workers):
        assert check_paths(["files"], settings, None, spread_with(settings, pool, workers)) == check_paths(
            ["files"], settings)


class Dying:
    """An executor that loses its processes after so many chunks."""

    def __init__(self, after):
        self.left = after

    def submit(self, function, *arguments):
        self.left -= 1
        if self.left < -1:
            raise BrokenProcessPool("gone")
        future = Future()
        if self.left < 0:
            future.set_exception(BrokenProcessPool("gone"))
        else:
            future.set_result(function(*arguments))
        return future


@pytest.mark.parametrize("after", [0, 1, 3])
def test_a_process_that_dies_is_reported_with_the_files_among_which_it_did(folder, after):
    paths = check_paths(["files"], Settings()).files
    with pytest.raises(WorkerDied) as caught:
        check_paths(["files"], Settings(), None, spread_with(Settings(), Dying(after), workers=1))
    assert f"somewhere between {paths[after * 4]} and {paths[min(after * 4 + 11, 30)]}" in str(caught.value)


def test_no_more_chunks_wait_than_workers_can_use(monkeypatch):
    monkeypatch.setattr(many, "CHUNK", 1)
    taken, done = [], []

    def found():
        for number in range(40):
            taken.append(number)
            yield Found(f"{number}/generation_config.json")

    with ThreadPoolExecutor(1) as pool:
        for answer in answers(found(), Settings(), pool, 1):
            done.append(answer)
            assert len(taken) - len(done) <= many.AHEAD
    assert [answer.files for answer in done] == [(f"{number}/generation_config.json",) for number in range(40)]


def test_chunks_hold_every_file_once():
    files = [Found(str(number)) for number in range(2 * many.CHUNK + 1)]
    assert [len(chunk) for chunk in chunks(files)] == [many.CHUNK, many.CHUNK, 1]
    assert [file for chunk in chunks(files) for file in chunk] == files


def peak(folder, count):
    """Return the most bytes that a run over so many clean files held, besides their paths in the report."""
    place = folder / str(count)
    for number in range(count):
        model = place / f"{number // 50}" / f"{number:04}"
        model.mkdir(parents=True)
        (model / "generation_config.json").write_text(CLEAN)
    check_paths([place], Settings())
    tracemalloc.start()
    try:
        report = check_paths([place], Settings())
        most = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert (len(report.files), report.findings) == (count, ())
    return most - sum(map(len, report.files))


def test_clean_files_leave_nothing_in_memory_but_their_paths(tmp_path):
    few, many_files = peak(tmp_path, 100), peak(tmp_path, 600)
    each = (many_files - few) / 500
    assert each < 200, f"{each:.0f} bytes a file: a path is an object of 49, and stands in two lists"


def test_a_dask_cluster_says_the_same(folder, tmp_path_factory, monkeypatch):
    distributed = pytest.importorskip("distributed", reason="dask is not installed: pip install 'genspec[dask]'")
    settings = Settings()
    expected = check_paths(["files"], settings)
    monkeypatch.chdir(tmp_path_factory.mktemp("cluster"))           # where its workers stand
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None, host="127.0.0.1"
    ) as cluster:
        monkeypatch.chdir(folder)
        address = cluster.scheduler_address.replace("tcp://", "dask://")
        with executor_for(address, None) as (pool, workers):
            assert check_paths(["files"], settings, None, spread_with(settings, pool, workers)) == expected
