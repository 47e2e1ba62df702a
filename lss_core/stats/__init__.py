"""Statistics of readers' studies: NumPy and SciPy in, `Estimate` out.

Everything here rests on one idea. What a statistic needs to know of the data adds up over patients
(`tables`); so a statistic is a function of how often each patient counts (`resample.Statistic`), and
its value in every bootstrap replicate, with whole patients drawn, comes out of one matrix product.
"""
