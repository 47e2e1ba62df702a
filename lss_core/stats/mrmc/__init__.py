"""Multi-reader multi-case studies: is one modality read better than another, by readers like these?"""
