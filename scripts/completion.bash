# shellcheck shell=bash
# completion.bash - options, their values and files for the commands of
# autoscale, from what each says itself with --help

# _autoscale_help COMMAND: "OPTION VALUE" a line, VALUE as --help has it
_autoscale_help() {
	"$1" --help 2>/dev/null | grep -oE \
		'^ +(-[A-Za-z],)? *--[a-z0-9-]+(=[^ ,]+)?' |
		sed -E 's/^ +(-[A-Za-z],)? *//; s/=/ /'
	"$1" --help 2>/dev/null | grep -oE '^ +-[A-Za-z], --[a-z0-9-]+(=[^ ,]+)?' |
		sed -E 's/^ +(-[A-Za-z]), --[a-z0-9-]+=?/\1 /'
}

# _autoscale_words COMMAND OPTION: the words that OPTION takes, from what is
# said of one that is none
_autoscale_words() {
	"$1" "$2" '?' </dev/null 2>&1 >/dev/null |
		sed -nE 's/.*(there is: | is none of |, but )//p' | tr -d ,
}

_autoscale() {
	local command=${COMP_WORDS[0]} word=${COMP_WORDS[COMP_CWORD]}
	local before='' option value known=''

	[ "$COMP_CWORD" -lt 1 ] || before=${COMP_WORDS[COMP_CWORD - 1]}
	COMPREPLY=()
	# --option=VALUE: bash makes three words of it
	if [ "$word" = = ]; then
		word=
	elif [ "$before" = = ] && [ "$COMP_CWORD" -gt 1 ]; then
		before=${COMP_WORDS[COMP_CWORD - 2]}
	fi
	while read -r option value; do
		known="$known $option"
		[ "$option" = "$before" ] && [ -n "$value" ] || continue
		case $value in
		*'|'*)
			mapfile -t COMPREPLY < <(compgen -W "${value//|/ }" \
				-- "$word")
			return
			;;
		DIR) mapfile -t COMPREPLY < <(compgen -d -- "$word") && return ;;
		*FILE*) mapfile -t COMPREPLY < <(compgen -f -- "$word") && return ;;
		NAME | DRIVER | LIST)
			local given=''
			[ "$value" = NAME ] || given=${word%"${word##*,}"}
			mapfile -t COMPREPLY < <(compgen -P "$given" -W \
				"$(_autoscale_words "$command" "$option")" \
				-- "${word#"$given"}")
			return
			;;
		*) return ;;
		esac
	done < <(_autoscale_help "$command")
	if [ "${command##*/}" = as-approve ] &&
		[[ ! " ${COMP_WORDS[*]:1:COMP_CWORD-1} " =~ \ (list|show|grant|deny)\  ]] &&
		[[ $word != -* ]]; then
		mapfile -t COMPREPLY < <(compgen -W 'list show grant deny' -- "$word")
	elif [[ $word == -* ]]; then
		mapfile -t COMPREPLY < <(compgen -W "$known" -- "$word")
	else
		mapfile -t COMPREPLY < <(compgen -f -- "$word")
	fi
}

complete -o filenames -F _autoscale as-fetch as-train as-predict as-decide \
	as-apply as-notify as-detect as-approve as-log as-report as-backtest \
	as-tune as-loop
