"""Masked-language-model pretraining: raw text files to a Hugging Face folder, from scratch or from any backbone."""
