"""Reports of a study: values in, bytes out (HTML, PDF, Word), in English or Russian.

`compose.document_of` says what stands in a report, `html`, `pdf` and `word` set it. Nothing here reads a
database or computes a statistic.
"""
