"""What a person sees of one page: the article with its annotations, why a row is there, its history, a trial."""
