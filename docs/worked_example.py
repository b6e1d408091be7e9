# %% [markdown]
# # A worked notebook
#
# Two models, four benchmarks, one question: did RL widen or narrow what the model can solve? Every cell runs as it
# stands, in about half a minute altogether. Open `docs/worked-example.ipynb` in Jupyter, or `docs/worked_example.py`
# in an editor that knows cells.
#
# ## The counts
#
# DeepSeek-R1-Distill-Qwen-1.5B and DeepScaleR, which was trained from it by RL: 1,060 problems, 128 samples of each
# model on each. A path to a CSV, a run folder or a DataFrame would do in place of the name.

# %%
import boundary as bd

counts = bd.load_counts("deepscaler-1.5b")
counts

# %% [markdown]
# ## The analysis
#
# Both models are fitted together, on each benchmark and on all problems. The budgets k include 1024, eight times the
# samples, to see what extrapolation says.

# %%
base = "DeepSeek-R1-Distill-Qwen-1.5B"
result = bd.analyze(counts, base, k=[1, 16, 128, 1024], seed=0)
result

# %% [markdown]
# One benchmark and the pooled problems are settled, at k = 128: **narrowed**. The others are open: AIME24 has 30
# problems, and its interval is wide.
#
# ## The numbers behind it
#
# Shrinkage is pass@k of the base less that of RL: above zero, RL solves fewer.

# %%
result.table("shrinkage")

# %% [markdown]
# RL is ahead at k = 1 and behind at k = 128. The row k = 1024 is extrapolated: it rests on the prior as well as on
# the data. The prior-free bounds allow much more; `result.estimates`, which has every number as a row, has them too.

# %%
bounds = result.estimates.query("estimand == 'shrinkage' and benchmark == 'all' and kind == 'bounds'")
(100 * bounds.set_index("k")[["lower", "upper"]]).round(1)

# %% [markdown]
# For a paper, or a README:

# %%
print(result.table("shrinkage", k=128).to_markdown())

# %% [markdown]
# ## The picture
#
# Every figure of the report can be drawn on axes of your own.

# %%
axes = bd.plots.pass_at_k(result, benchmark="all")
axes.figure

# %% [markdown]
# ## Which problems?
#
# The problems most probably lost: the base solves them within 128 samples, RL probably not.

# %%
columns = ["problem_id", "reference_n_correct", "n_correct", "prob_lost", "flag"]
result.problems.sort_values("prob_lost", ascending=False)[columns].head(5).round(2)

# %% [markdown]
# A single success in 128 against none is a weak sign; such problems are flagged `one success`. `lost` adds up the
# probabilities of all problems and is not a count of names.
#
# ## A claim of your own
#
# Any statement about the estimands has a probability.

# %%
claims = {
    "narrower by half a point": "shrinkage(128) > 0.005",
    "ahead at first": "pass_at_k(1) rl > base",
    "crosses early": "crossover < 32",
}
bd.claims(result, claims)[["name", "claim", "probability"]].round(3)

# %% [markdown]
# ## A quantity that is not on the list
#
# `rates` holds draws of every problem's solve rate. Whatever you compute from them, draw by draw, has a posterior.
# How many problems of AIME24 does each model solve in more than half of its
# attempts?

# %%
rates = result.rates["AIME24"].posterior
steady = (rates > 0.5).sum("problem").stack(draws=("chain", "draw"))
steady.quantile([0.025, 0.5, 0.975], dim="draws").to_pandas().T

# %% [markdown]
# ## What if the verifier errs?
#
# With one false "correct" in a thousand wrong answers, AIME24 says something else: its weak sign of a narrower
# boundary is gone.

# %%
strict = bd.analyze(
    counts, benchmarks="AIME24", k=[1, 128], verifier=bd.VerifierErrors(false_positive=0.001), error_curve=False
)
strict.verdicts[0].sentence

# %% [markdown]
# ## The report
#
# `write` makes what the command makes: the page, the tables, the figures, the draws.

# %%
[path.name for path in result.write("demo-report", posterior=False) if path.suffix != ".svg"]
