import pytest
from hypothesis import given, settings, strategies as st

from boundary.data.audits import audit_table, read_audits
from boundary.data.records import FALSE_NEGATIVE, FALSE_POSITIVE, Audit
from boundary.errors import InputError

HEAD = "benchmark,problem_id,kind,errors,checked\n"


@settings(max_examples=40)
@given(
    st.lists(
        st.tuples(
            st.sampled_from(["AIME24", "HumanEval"]),
            st.sampled_from(["7", "x", None]),
            st.sampled_from([FALSE_POSITIVE, FALSE_NEGATIVE]),
            st.integers(0, 50),
            st.integers(0, 50),
        ),
        min_size=1,
    )
)
def test_audits_add_up_and_survive_a_file(tmp_path_factory, rows):
    audits = [Audit(name, problem, kind, errors, errors + right) for name, problem, kind, errors, right in rows]
    table = audit_table(audits)
    assert table["errors"].sum() == sum(audit.errors for audit in audits)
    assert table["checked"].sum() == sum(audit.n_checked for audit in audits)
    assert not table.duplicated(["benchmark", "problem_id", "kind"]).any()
    path = tmp_path_factory.mktemp("audit") / "audit.csv"
    table.to_csv(path, index=False)
    again = read_audits(path)
    assert again.to_numpy().tolist() == table.to_numpy().tolist()


def test_the_problem_may_be_left_out(tmp_path):
    path = tmp_path / "audit.csv"
    path.write_text("benchmark,kind,errors,checked\nAIME24,false_positive,2,50\n")
    table = read_audits(path)
    assert table["problem_id"].isna().all()
    assert table[["errors", "checked"]].to_numpy().tolist() == [[2, 50]]


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (HEAD + "AIME24,1,false_positive,3,2\n", "line 2: 3 errors of 2 checked"),
        (HEAD + "AIME24,1,false_positive,-1,2\n", "line 2: errors is '-1'"),
        (HEAD + "AIME24,1,false_positive,1,2.5\n", r"line 2: checked is '2\.5'"),
        (HEAD + "AIME24,1,false_positive,nan,2\n", "line 2: errors is 'nan'"),
        (HEAD + "AIME24,1,false_positive,1e99,2\n", "line 2: errors is '1e99'"),
        (HEAD + "AIME24,1,wrong,1,2\n", "line 2: the kind 'wrong'"),
        (HEAD + ",1,false_positive,1,2\n", "line 2: no benchmark"),
        (HEAD + "AIME24,1,false_positive,1,2\n" * 2, "twice"),
        (HEAD, "no audits|no rows|holds no"),
        ("benchmark,kind,errors\nAIME24,false_positive,1\n", "no column checked"),
    ],
)
def test_bad_audits_are_named_by_line(tmp_path, text, why):
    path = tmp_path / "audit.csv"
    path.write_text(text)
    with pytest.raises(InputError, match=why):
        read_audits(path)
